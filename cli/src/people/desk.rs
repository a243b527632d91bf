//! The desk at which a running upgrade meets people.

use super::{Inbox, actor, keyboard, keyboard::Asked};
use crate::output;
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    engine::{Desk, Message, Said},
    upgrade::{Gate, State},
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
}

impl FrontDesk {
    pub(crate) fn new(inbox: Inbox, patience: Patience) -> Self {
        Self { inbox, patience }
    }

    /// The oldest message. An inbox that cannot be read now may be readable later; the gate is open either way.
    fn message(&self) -> Option<Message> {
        self.inbox.messages().ok()?.into_iter().next()
    }
}

#[async_trait]
impl Desk for FrontDesk {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        self.inbox.messages()
    }

    fn taken(&self, message: &Message, refused: Option<&Failure>) {
        self.inbox.remove(message);
        if let Some(failure) = refused {
            output::say(&output::describe(failure));
        }
    }

    async fn ask(&self, gate: &Gate, _state: &State) -> Option<Message> {
        match self.patience {
            Patience::None => None,
            Patience::Keyboard if !std::io::stdin().is_terminal() => None,
            // Somebody else may answer from another terminal meanwhile.
            Patience::Keyboard => match keyboard::ask(gate, || self.message()) {
                Asked::Answered(choice, note) => Some(Message {
                    id: uuid::Uuid::now_v7().to_string(),
                    said: Said::Answer { gate: gate.id.clone(), choice },
                    by: actor(),
                    note,
                }),
                Asked::Elsewhere(message) => Some(message),
                Asked::Left => None,
            },
        }
    }
}
