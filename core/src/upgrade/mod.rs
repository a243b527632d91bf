//! The state machine: events, the state that is their fold, and what happens next. Pure; imports only the plan.

mod admit;
mod canary;
mod event;
mod fold;
mod gates;
mod ledger;
mod next;
mod recovery;
mod report;
mod state;

pub use canary::{Blind, Canary, CanarySummary, Fate, Sighting, Span, Which};
pub use event::{Actor, Event, Finish, GateKind, Rehearsed, Request, Verdict};
pub(crate) use gates::planned;
pub use ledger::{Ledger, MailChange, MailTotals};
pub use next::{Asked, Next, found, next};
pub use recovery::{Found, Then, recover};
pub use report::{
    Report, ReportAnswer, ReportEvents, ReportGate, ReportItem, ReportNote, ReportStart, ReportStep,
    StepResult,
};
pub use state::{Direction, Flight, Gate, NO_WAY_BACK, Position, Progress, Standing, State, StepState};
