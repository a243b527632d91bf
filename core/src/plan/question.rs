//! What a gate asks.

use super::ChecklistItem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A question in full sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// One line.
    pub title: String,
    /// What the person is to do, in order.
    pub todo: Vec<String>,
    /// Why the program asks.
    pub why: String,
    /// How the answer will be verified.
    pub verified: String,
    /// What happens when nobody answers, or otherwise.
    pub otherwise: String,
    /// What is gone through one by one: *done* is taken only with an answer to each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ChecklistItem>,
}

/// An answer that a gate takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// I have done what was asked; check it.
    Done,
    /// As `done`; and the installer wants the server restarted.
    DoneRestart,
    /// Try the step again.
    Retry,
    /// The step's effect is there; count it as done.
    CountAsDone,
    /// Go on without this step.
    Skip,
    /// Go on although the program warns.
    Continue,
    /// Take back what was done.
    RollBack,
    /// Stop here and leave the server as it is.
    Abandon,
}

impl Choice {
    /// Every choice.
    pub const ALL: [Choice; 8] = [
        Self::Done,
        Self::DoneRestart,
        Self::Retry,
        Self::CountAsDone,
        Self::Skip,
        Self::Continue,
        Self::RollBack,
        Self::Abandon,
    ];

    /// The word that a person types.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneRestart => "done-restart",
            Self::Retry => "retry",
            Self::CountAsDone => "count-as-done",
            Self::Skip => "skip",
            Self::Continue => "continue",
            Self::RollBack => "roll-back",
            Self::Abandon => "abandon",
        }
    }

    /// What choosing it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "I have done it; check it and go on",
            Self::DoneRestart => "as done, and the installer asks for a restart",
            Self::Retry => "try the step again",
            Self::CountAsDone => "the effect is there; count the step as done",
            Self::Skip => "go on without this step",
            Self::Continue => "go on all the same",
            Self::RollBack => "take back what was done",
            Self::Abandon => "stop here and leave the server as it is; wants a reason",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.word() == word)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
