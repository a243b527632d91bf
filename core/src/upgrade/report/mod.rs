//! The report: a fold of the same events, made at any time, after any failure.

mod fold;

use super::{CanarySummary, Finish, GateKind, Ledger, MailChange, MailTotals, Rehearsed};
use crate::{
    failure::Failure,
    plan::{ChecklistItem, Choice, Choices, Evidence, ItemAnswer, MailBudget, Naming, Phase, Question},
    values::{Digest, GateId, StepId, Timestamp, Version},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What became of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// Not begun.
    #[default]
    Waiting,
    /// Begun, no outcome yet.
    Begun,
    /// Its effect is there.
    Done,
    /// Its effect was found there after a crash, and it was not run again.
    FoundDone,
    /// Left out.
    Skipped,
    /// Its last try failed.
    Failed,
    /// Taken back.
    Undone,
    /// Passed on the way back: it had only looked, or what it made stays on purpose.
    Kept,
}

impl StepResult {
    /// Whether nothing more happens to the step by itself.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Begun | Self::Failed)
    }
}

/// A step in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportStep {
    /// Its name.
    pub id: StepId,
    /// Which part of the upgrade.
    pub phase: Phase,
    /// One line.
    pub title: String,
    /// What became of it.
    pub result: StepResult,
    /// First intent.
    pub began: Option<Timestamp>,
    /// Last outcome.
    pub ended: Option<Timestamp>,
    /// How often it was begun.
    pub begins: u32,
    /// What it left, in one line.
    pub summary: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// Why it failed last.
    pub failure: Option<Failure>,
}

/// A gate in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportGate {
    /// Its name.
    pub id: GateId,
    /// The step.
    pub step: StepId,
    /// Why it opened.
    pub why: GateKind,
    /// What was asked, in one line.
    pub title: String,
    /// When it opened.
    pub opened: Timestamp,
    /// The answer, once there is one.
    pub answer: Option<ReportAnswer>,
    /// Its checklist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReportItem>,
}

/// The answer to a gate in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportAnswer {
    /// When.
    pub at: Timestamp,
    /// What.
    pub choice: Choice,
    /// Who.
    pub by: String,
    /// In their words.
    pub note: String,
}

/// An item of a gate's checklist in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportItem {
    /// The item.
    #[serde(flatten)]
    pub item: ChecklistItem,
    /// What was said of it, by whoever answered the gate.
    pub answer: Option<ItemAnswer>,
}

/// A line of the timeline that is neither step nor gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportNote {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// The beginning of an upgrade in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportStart {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// How much of the journal the report is made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportEvents {
    /// Events read.
    pub read: u64,
    /// How many of them this version does not know.
    pub unknown: u64,
}

/// The report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The server.
    pub server: String,
    /// The product's names.
    pub naming: Option<Naming>,
    /// Version found.
    pub from: Option<Version>,
    /// Version planned.
    pub to: Option<Version>,
    /// Hash of the plan that ran.
    pub plan: Option<Digest>,
    /// What a rehearsal of the plan had come to; `None` when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Rehearsed>,
    /// Whether it acts on other machines, whose mail nobody here sees.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// What the operator decided.
    pub choices: Option<Choices>,
    /// What was promised about mail.
    pub budget: Option<MailBudget>,
    /// How it ended; `None` while it has not.
    pub finish: Option<Finish>,
    /// When it started, and by whom.
    pub started: Option<ReportStart>,
    /// Time of the last event.
    pub last: Option<Timestamp>,
    /// Steps, in the plan's order.
    pub steps: Vec<ReportStep>,
    /// Gates, as they opened.
    pub gates: Vec<ReportGate>,
    /// Restarts, resumptions, requests.
    pub notes: Vec<ReportNote>,
    /// How mail fared.
    pub mail: MailTotals,
    /// Whether that is within what was promised.
    pub mail_within_budget: bool,
    /// Each change of mail's state.
    pub mail_changes: Vec<MailChange>,
    /// What the canary saw, if one flew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanarySummary>,
    /// How much of the journal it is made from.
    pub events: ReportEvents,
    #[serde(skip)]
    ledger: Ledger,
    /// Steps that nothing takes back.
    #[serde(skip)]
    kept: BTreeSet<StepId>,
    /// Steps that the way back cannot pass.
    #[serde(skip)]
    no_return: BTreeSet<StepId>,
    /// It is on its way back.
    #[serde(skip)]
    back: bool,
    /// The question that was asked last, with the answers that it takes.
    #[serde(skip)]
    asked: Option<(GateId, Question, Vec<Choice>)>,
}
