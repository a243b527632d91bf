//! Where people come in: requests and answers go in, progress comes out.

use crate::{
    failure::Failure,
    journal::Envelope,
    plan::{Choice, ItemAnswers, Step},
    upgrade::{CanarySummary, Gate, Request, State},
    values::GateId,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// An answer to a gate.
    Answer {
        /// Which.
        gate: GateId,
        /// What.
        choice: Choice,
        /// To each item of its checklist.
        #[serde(default, skip_serializing_if = "ItemAnswers::is_empty")]
        items: ItemAnswers,
    },
    /// A request.
    Request(Request),
}

/// Something that somebody said, with who said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// For [`Desk::taken`].
    pub id: String,
    /// What.
    pub said: Said,
    /// Who.
    pub by: String,
    /// In their words.
    #[serde(default)]
    pub note: String,
}

/// Where messages for a running upgrade arrive.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Messages that were not taken yet. Does not wait.
    ///
    /// # Errors
    /// When they cannot be read; the upgrade stops at this safe point.
    fn messages(&self) -> Result<Vec<Message>, Failure>;

    /// The message is journaled, or was refused; it need not be shown again.
    fn taken(&self, message: &Message, refused: Option<&Failure>);

    /// Waits for an answer to a gate; `None` when nobody is there to give one.
    async fn ask(&self, gate: &Gate, state: &State) -> Option<Message>;

    /// Whether a canary flies, which sends mail from outside while the upgrade runs.
    fn has_canary(&self) -> bool {
        false
    }

    /// What the canary has seen. At the `end` of the upgrade it sends no more, and what is still under way is waited for
    /// a while.
    async fn canary(&self, _end: bool) -> Option<CanarySummary> {
        None
    }
}

/// Nobody is there.
#[derive(Debug, Default)]
pub struct NoDesk;

#[async_trait]
impl Desk for NoDesk {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        Ok(Vec::new())
    }

    fn taken(&self, _message: &Message, _refused: Option<&Failure>) {}

    async fn ask(&self, _gate: &Gate, _state: &State) -> Option<Message> {
        None
    }
}

/// Sees what happens, for a display. Told after it is durable.
pub trait Watcher: Send {
    /// An event is durable.
    fn recorded(&mut self, envelope: &Envelope, state: &State);

    /// A step's effect begins now.
    fn running(&mut self, step: &Step, undo: bool);
}

/// Looks away.
#[derive(Debug, Default)]
pub struct NoWatcher;

impl Watcher for NoWatcher {
    fn recorded(&mut self, _envelope: &Envelope, _state: &State) {}
    fn running(&mut self, _step: &Step, _undo: bool) {}
}
