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
use std::io::IsTerminal;

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

    /// The oldest message. An inbox that cannot be read now may be readable later; the gate is open either way.
    fn message(&self) -> Option<Message> {
        self.inbox.messages().into_iter().next()
    }
}

#[async_trait]
impl Desk for FrontDesk {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        if self.closing.as_ref().is_some_and(|closing| closing()) {
            return Err(Failure::new(Code::RequestRefused, "this process was told to end")
                .hint("`mailsec resume`, or the service when it is started again, goes on"));
        }
        Ok(self.inbox.messages())
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

    #[test]
    fn a_process_that_is_told_to_end_takes_nothing_in_and_leaves_it_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let told = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&told);
        let desk = FrontDesk::new(Inbox::new(folder.path().to_owned()), Patience::None)
            .until(move || closing.load(Ordering::Relaxed));
        assert!(desk.messages().unwrap().is_empty());
        told.store(true, Ordering::Relaxed);
        assert_eq!(desk.messages().unwrap_err().code, Code::RequestRefused);
    }
}
