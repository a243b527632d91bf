//! The desk at which a running upgrade meets people.

use super::{Inbox, actor, keyboard, keyboard::Asked};
use crate::output;
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    engine::{Desk, Message, Said},
    failure::Code,
    upgrade::{Gate, State},
    values::GateId,
};
use std::{io::IsTerminal, time::Duration};

/// How long an open gate is waited at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// At the keyboard if there is one; else the process ends and the gate stays open.
    Keyboard,
    /// Not at all.
    None,
}

/// The desk.
pub(crate) struct FrontDesk {
    inbox: Inbox,
    patience: Patience,
    closing: Option<Closing>,
    /// The gate that was open before this process came.
    before: Option<GateId>,
}

/// How often it is looked whether this process is to end.
const LOOK: Duration = Duration::from_millis(200);

/// Whether this process is to end.
type Closing = Box<dyn Fn() -> bool + Send + Sync>;

impl FrontDesk {
    pub(crate) fn new(inbox: Inbox, patience: Patience) -> Self {
        Self { inbox, patience, closing: None, before: None }
    }

    /// The desk of a process that takes up an upgrade in this state.
    pub(crate) fn taking_up(mut self, state: &State) -> Self {
        self.before = state.gate.as_ref().map(|gate| gate.id.clone());
        self
    }

    /// The desk of a process that may be told to end: then the run stops at its next safe point. That is no pause, which
    /// would want a person to end it; who takes the upgrade up next goes on.
    pub(crate) fn until(mut self, closing: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.closing = Some(Box::new(closing));
        self
    }

    /// Whether this process is told to end.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing())
    }

    /// The oldest message. An inbox that cannot be read now may be readable later; the gate is open either way.
    fn message(&self) -> Option<Message> {
        self.inbox.messages().into_iter().next()
    }
}

fn told() -> Failure {
    Failure::new(Code::RequestRefused, "this process was told to end")
        .hint("`mailsec resume`, or the service when it is started again, goes on")
}

#[async_trait]
impl Desk for FrontDesk {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        match self.is_closing() {
            true => Err(told()),
            false => Ok(self.inbox.messages()),
        }
    }

    async fn told_to_end(&self) -> Failure {
        if self.closing.is_none() {
            return std::future::pending().await;
        }
        while !self.is_closing() {
            tokio::time::sleep(LOOK).await;
        }
        told()
    }

    fn taken(&self, message: &Message, refused: Option<&Failure>) {
        self.inbox.remove(message, refused);
        if let Some(failure) = refused {
            output::say(&output::describe(failure));
        }
    }

    async fn ask(&self, gate: &Gate, state: &State) -> Option<Message> {
        match self.patience {
            Patience::None => None,
            Patience::Keyboard if !std::io::stdin().is_terminal() => None,
            // This process has no other secret than the one that was refused; the next one asks for it anew.
            Patience::Keyboard if state.gate_wants_secret() && self.before.as_ref() != Some(&gate.id) => None,
            // Somebody else may answer from another terminal meanwhile.
            Patience::Keyboard => match keyboard::ask(gate, state, &|| self.message()) {
                Asked::Answered(choice, note, items) => Some(Message {
                    id: uuid::Uuid::now_v7().to_string(),
                    said: Said::Answer { gate: gate.id.clone(), choice, items },
                    by: actor(),
                    note,
                }),
                Asked::Elsewhere(message) => Some(message),
                Asked::Left => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    #[tokio::test]
    async fn a_process_that_is_told_to_end_takes_nothing_in_and_waits_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let told = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&told);
        let desk = FrontDesk::new(Inbox::new(folder.path().to_owned()), Patience::None)
            .until(move || closing.load(Ordering::Relaxed));
        assert!(desk.messages().unwrap().is_empty());
        assert!(tokio::time::timeout(LOOK, desk.told_to_end()).await.is_err(), "nobody told it yet");
        told.store(true, Ordering::Relaxed);
        assert_eq!(desk.messages().unwrap_err().code, Code::RequestRefused);
        assert_eq!(desk.told_to_end().await.code, Code::RequestRefused);
    }
}
