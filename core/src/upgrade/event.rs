//! Events: facts, in the past tense, and few. Progress inside a step is not among them; secrets never are.

use super::CanarySummary;
use crate::{
    failure::Failure,
    host::BootIdentity,
    plan::{Choice, ItemAnswers, MailState, Observation, Outcome, Plan, Question, Snapshot},
    values::{Digest, GateId, StepId, Timestamp},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Who asked or answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Actor(pub String);

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a gate is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// The plan asks here.
    Planned,
    /// A step failed and going back is not the answer, or not possible.
    Failed,
    /// A crash left a step in doubt and the server does not show what happened.
    InDoubt,
    /// Taking something back failed.
    UndoFailed,
    /// The mail budget is used up.
    Budget,
    /// The restart was asked for and did not happen.
    Restart,
    /// The same thing was tried too often.
    Loop,
    /// The program is not the one that began the upgrade.
    Changed,
}

/// What a person asks of a running upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Stop at the next safe point; go on when resumed.
    Pause,
    /// Stop at the next safe point and take back what was done.
    Cancel,
    /// Take back what was done.
    RollBack,
    /// Stop at the next safe point and leave the server as it is.
    Abandon,
    /// Go on after a pause.
    Resume,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pause => "pause",
            Self::Cancel => "cancel",
            Self::RollBack => "roll back",
            Self::Abandon => "abandon",
            Self::Resume => "resume",
        })
    }
}

/// How an upgrade ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The new version runs and everything was verified.
    Succeeded,
    /// Everything that was done was taken back.
    RolledBack,
    /// A person stopped it and left the server as it is.
    Abandoned,
}

/// Whether a rehearsal went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every run came to an allowed end.
    Converged,
    /// At least one did not.
    Diverged,
}

/// What a rehearsal of a plan came to; all of it lies beside the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rehearsed {
    /// Hash of the plan that was rehearsed.
    pub plan: Digest,
    /// Hash of the whole result.
    pub result: Digest,
    /// Runs.
    pub runs: u64,
    /// Whether it went well.
    pub verdict: Verdict,
    /// Version of the program that rehearsed.
    pub mailsec: String,
    /// Made from other facts than the plan, so on a copy of another server, or of another time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_facts: bool,
}

/// A fact about an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The plan was made and shown.
    Planned {
        /// The plan.
        plan: Arc<Plan>,
        /// Its hash, as it was shown.
        hash: Digest,
    },
    /// The plan had been rehearsed when the upgrade was begun.
    Rehearsed(Rehearsed),
    /// Somebody started it.
    Started {
        /// Who.
        by: Actor,
        /// The boot it started in.
        boot: BootIdentity,
        /// Mail when it started.
        mail: MailState,
    },
    /// A process took the upgrade up again.
    Resumed {
        /// The boot it found.
        boot: BootIdentity,
        /// What it found, by the recovery table.
        found: String,
    },
    /// A step is about to run.
    StepIntended {
        /// Which.
        step: StepId,
        /// Which try, from 1.
        attempt: u32,
        /// The state before it, for undoing it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Snapshot>,
    },
    /// A step has run.
    StepApplied {
        /// Which.
        step: StepId,
        /// What it left.
        outcome: Outcome,
    },
    /// After a crash, the server was asked about a step's effect.
    StepObserved {
        /// Which.
        step: StepId,
        /// What it said.
        observation: Observation,
    },
    /// A step failed.
    StepFailed {
        /// Which.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// A step was left out.
    StepSkipped {
        /// Which.
        step: StepId,
        /// Why.
        why: String,
    },
    /// The way back begins.
    RollbackBegun {
        /// Why.
        why: String,
    },
    /// A step is about to be undone.
    UndoIntended {
        /// Which.
        step: StepId,
        /// Which try, from 1.
        attempt: u32,
    },
    /// A step was undone, or what it made was kept on purpose.
    UndoApplied {
        /// Which.
        step: StepId,
        /// What was done.
        outcome: Outcome,
    },
    /// Undoing a step failed.
    UndoFailed {
        /// Which.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// A question is open. Durable before anybody is asked.
    GateOpened {
        /// Its name.
        gate: GateId,
        /// The step it belongs to.
        step: StepId,
        /// Why it is open.
        why: GateKind,
        /// What is asked.
        question: Question,
        /// Answers that it takes.
        choices: Vec<Choice>,
    },
    /// Somebody was shown the question and is waited for.
    GateEntered {
        /// Which.
        gate: GateId,
    },
    /// Somebody answered.
    GateAnswered {
        /// Which.
        gate: GateId,
        /// What.
        choice: Choice,
        /// Who.
        by: Actor,
        /// In their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
        /// To each item of the gate's checklist.
        #[serde(default, skip_serializing_if = "ItemAnswers::is_empty")]
        items: ItemAnswers,
    },
    /// A restart is about to be asked for.
    RestartIntended {
        /// The step that wants it.
        step: StepId,
        /// The present boot.
        boot: BootIdentity,
        /// Which try, from 1.
        attempt: u32,
    },
    /// Another boot identity proves the restart.
    RestartProven {
        /// The step that wanted it.
        step: StepId,
        /// The boot before.
        before: BootIdentity,
        /// The boot now.
        after: BootIdentity,
    },
    /// The server restarted without being asked by this upgrade.
    UnplannedRestart {
        /// The boot before.
        before: BootIdentity,
        /// The boot now.
        after: BootIdentity,
    },
    /// Mail changed its state.
    MailFlowChanged {
        /// When; may lie before the event's own time.
        at: Timestamp,
        /// To what.
        mail: MailState,
        /// Whether it was seen, or is the worst case for a time that nobody saw.
        seen: bool,
        /// Messages waiting, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waiting: Option<u64>,
    },
    /// What the canary has seen of mail so far, from outside. The last one counts.
    CanaryWatched {
        /// All of it.
        summary: Box<CanarySummary>,
    },
    /// Somebody asked for something.
    Requested {
        /// What.
        request: Request,
        /// Who.
        by: Actor,
        /// In their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// A request was carried out.
    Honoured {
        /// Which.
        request: Request,
    },
    /// A request came too late, or does not fit.
    Declined {
        /// Which.
        request: Request,
        /// Why.
        why: String,
    },
    /// It is over.
    Finished {
        /// How.
        how: Finish,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The very bytes that journals have: they are read for as long as there are journals.
    #[test]
    fn a_rehearsal_reads_as_it_was_written() {
        let digest = "ab".repeat(32);
        let text = format!(
            r#"{{"kind":"rehearsed","plan":"{digest}","result":"{digest}","runs":334,"verdict":"converged","mailsec":"0.1.0"}}"#
        );
        let event: Event = serde_json::from_str(&text).unwrap();
        assert!(matches!(&event, Event::Rehearsed(it) if it.runs == 334 && it.verdict == Verdict::Converged));
        assert_eq!(serde_json::to_string(&event).unwrap(), text);
    }
}
