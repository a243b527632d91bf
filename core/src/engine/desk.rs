//! Where people come in: requests and answers go in, progress comes out.

use crate::{
    failure::{Code, Failure},
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

/// Bytes of JSON that what a person says may have: a checklist of many items, each given up with a reason, and a note. An
/// envelope has room for twice as much.
const MOST_SAID: usize = 32 * 1024;

/// Refuses what is too long for the journal, before it is left anywhere: what cannot be journaled would stop every process
/// that takes it in.
///
/// # Errors
/// [`Code::BadArgument`].
pub fn fits(said: &impl Serialize) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(said).map_or(usize::MAX, |json| json.len());
    if bytes <= MOST_SAID {
        return Ok(());
    }
    Err(Failure::new(Code::BadArgument, "the note and the reasons are too long for the journal")
        .expected(format!("at most {} KiB in all", MOST_SAID / 1024))
        .found(format!("{} KiB", bytes / 1024))
        .hint("nothing was journaled; say it shorter, and keep the rest elsewhere"))
}

/// Where messages for a running upgrade arrive.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Messages that were not taken yet. Does not wait.
    ///
    /// # Errors
    /// When this process is to end: the upgrade stops at this safe point. A message that cannot be read is no reason.
    fn messages(&self) -> Result<Vec<Message>, Failure>;

    /// The message is journaled, or was refused; it need not be shown again.
    fn taken(&self, message: &Message, refused: Option<&Failure>);

    /// Waits for an answer to a gate; `None` when nobody is there to give one.
    async fn ask(&self, gate: &Gate, state: &State) -> Option<Message>;

    /// Ends when this process is told to end, and says so; from then on [`Desk::messages`] does too. What only waits or
    /// looks is cut short by it: a server that goes down waits for its services. Without it nobody tells.
    async fn told_to_end(&self) -> Failure {
        std::future::pending().await
    }

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
