//! The recovery table: what is done with what a crash left. One total `match`, to be read like a table.

use crate::{
    plan::{Observation, OnPartial},
    planted::planted,
};

/// What was found of a step in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Intent, no outcome, not asked yet what the server shows.
    Intent {
        /// The operation only looks or asks.
        only_looks: bool,
    },
    /// A restart was intended, and the boot is the same.
    RestartSameBoot,
    /// A restart was intended, and the boot is another.
    RestartNewBoot,
    /// A gate belongs to the step and is open.
    GateOpen,
    /// A person was asked, and said that it is done.
    GateAnswered,
    /// The operation asks a person, and the question was not durable yet.
    Unasked,
    /// An undo was in flight.
    Undo,
    /// The server was asked.
    Observed(&'a Observation, OnPartial),
}

impl Found<'_> {
    /// The row of the table, in words.
    #[must_use]
    pub fn row(&self) -> &'static str {
        match self {
            Self::Intent { only_looks: true } => "intent, of a step that looks",
            Self::Intent { only_looks: false } => "intent, of a step that changes",
            Self::RestartSameBoot => "restart intended, same boot",
            Self::RestartNewBoot => "restart intended, new boot",
            Self::GateOpen => "gate open",
            Self::GateAnswered => "gate answered",
            Self::Unasked => "question not durable yet",
            Self::Undo => "undo in flight",
            Self::Observed(Observation::Applied(_), _) => "seen applied",
            Self::Observed(Observation::NotApplied { .. }, _) => "seen not applied",
            Self::Observed(Observation::Partial { .. }, OnPartial::Finish) => "seen partial, safe to finish",
            Self::Observed(Observation::Partial { .. }, OnPartial::Ask) => "seen partial, not safe",
            Self::Observed(Observation::Unknown { .. }, _) => "cannot be seen",
        }
    }

    /// Every row.
    pub const ROWS: [&'static str; 13] = [
        "intent, of a step that looks",
        "intent, of a step that changes",
        "restart intended, same boot",
        "restart intended, new boot",
        "gate open",
        "gate answered",
        "question not durable yet",
        "undo in flight",
        "seen applied",
        "seen not applied",
        "seen partial, safe to finish",
        "seen partial, not safe",
        "cannot be seen",
    ];
}

/// What is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Ask the server what is true.
    Observe,
    /// Record it; never run it again.
    CountAsDone,
    /// Run it (again).
    Run,
    /// Ask a person.
    Ask,
    /// Wait for the person's answer.
    Wait,
    /// Verify what the person did.
    Verify,
    /// Wait for the restart until its limit, then count it as failed.
    AwaitRestart,
    /// Record the restart as proven, and wait until the server is ready.
    Proven,
}

impl Then {
    /// What is done, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Observe => "ask the server what is true of it",
            Self::CountAsDone => "record it; it is never run again",
            Self::Run => "run it, or run it again",
            Self::Ask => "ask a person",
            Self::Wait => "wait for the person's answer; the question stays",
            Self::Verify => "verify what the person did",
            Self::AwaitRestart => "wait for the restart until its limit, then count it as failed",
            Self::Proven => "record the restart as proven, and wait until the server is ready",
        }
    }
}

/// The table.
#[must_use]
pub fn recover(found: Found<'_>) -> Then {
    match found {
        Found::Intent { .. } if planted!(InDoubtRunsAgain) => Then::Run,
        Found::Observed(Observation::Partial { .. }, _) if planted!(PartialCountsAsDone) => Then::CountAsDone,
        Found::Observed(Observation::NotApplied { .. }, _) if planted!(NotAppliedCountsAsDone) => {
            Then::CountAsDone
        }
        Found::Intent { only_looks: true } => Then::Run,
        Found::Intent { only_looks: false } => Then::Observe,
        Found::RestartSameBoot => Then::AwaitRestart,
        Found::RestartNewBoot => Then::Proven,
        Found::GateOpen => Then::Wait,
        Found::GateAnswered => Then::Verify,
        Found::Unasked => Then::Ask,
        Found::Undo => Then::Observe,
        Found::Observed(Observation::Applied(_), _) => Then::CountAsDone,
        Found::Observed(Observation::NotApplied { .. }, _) => Then::Run,
        Found::Observed(Observation::Partial { .. }, OnPartial::Finish) => Then::Run,
        Found::Observed(Observation::Partial { .. }, OnPartial::Ask) => Then::Ask,
        Found::Observed(Observation::Unknown { .. }, _) => Then::Ask,
    }
}
