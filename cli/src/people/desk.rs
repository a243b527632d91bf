//! The desk at which a running upgrade meets people.

use super::{Inbox, actor, keyboard};
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
            Patience::Keyboard => {
                let (choice, note) = keyboard::ask(gate)?;
                Some(Message {
                    id: uuid::Uuid::now_v7().to_string(),
                    said: Said::Answer { gate: gate.id.clone(), choice },
                    by: actor(),
                    note,
                })
            }
        }
    }
}
