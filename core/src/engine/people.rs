//! Where people come in: messages for a running upgrade, the answer to an open gate, and what the canary saw for them.

use super::{Engine, Message, Said, Stop, desk::fits};
use crate::{
    failure::{Code, Failure},
    upgrade::{Actor, Event, Standing},
};

impl Engine<'_> {
    pub(super) fn take_messages(&mut self) -> Result<(), Failure> {
        for message in self.desk.messages()? {
            self.take(&message)?;
        }
        Ok(())
    }

    /// Whether the last that the journal has is what this message says: the process that took it in ended before it could
    /// say so.
    fn is_taken_already(&self, message: &Message) -> bool {
        self.said_last.as_ref().is_some_and(|last| match (&message.said, last) {
            (
                Said::Answer { gate, choice, items },
                Event::GateAnswered { gate: of, choice: what, by, note, items: all },
            ) => (gate, choice, items, &message.by, &message.note) == (of, what, all, &by.0, note),
            (Said::Request(request), Event::Requested { request: what, by, note }) => {
                (request, &message.by, &message.note) == (what, &by.0, note)
            }
            _ => false,
        })
    }

    fn take(&mut self, message: &Message) -> Result<(), Failure> {
        let refused = match &message.said {
            _ if self.is_taken_already(message) => {
                self.said_last = None;
                None
            }
            // Whoever left it there: no file in an inbox may end a run.
            _ if fits(message).is_err() => fits(message).err(),
            Said::Answer { gate, choice, items } => {
                let open = self.state.gate.as_ref().filter(|open| open.id == *gate);
                match open.map(|open| open.admit(*choice, items)) {
                    Some(Ok(())) => {
                        self.push(Event::GateAnswered {
                            gate: gate.clone(),
                            choice: *choice,
                            by: Actor(message.by.clone()),
                            note: message.note.clone(),
                            items: items.clone(),
                        });
                        None
                    }
                    Some(Err(refused)) => Some(refused),
                    None => Some(
                        Failure::new(Code::GateNotOpen, format!("the gate {gate} is not open"))
                            .hint("`mailsec status` shows what is asked"),
                    ),
                }
            }
            Said::Request(_) if matches!(self.state.standing, Standing::Finished(_)) => {
                Some(Failure::new(Code::RequestRefused, "this upgrade is over"))
            }
            Said::Request(request) => {
                self.push(Event::Requested {
                    request: *request,
                    by: Actor(message.by.clone()),
                    note: message.note.clone(),
                });
                None
            }
        };
        self.commit()?;
        self.desk.taken(message, refused.as_ref());
        Ok(())
    }

    pub(super) async fn await_answer(&mut self) -> Result<Option<Stop>, Failure> {
        let Some(gate) = self.state.gate.clone() else { return Ok(None) };
        // Open is durable before anybody is asked; entered, before anybody is waited for.
        self.rest()?;
        if !gate.entered {
            self.push(Event::GateEntered { gate: gate.id.clone() });
            self.commit()?;
        }
        match self.desk.ask(&gate, &self.state).await {
            Some(message) => self.take(&message).map(|()| None),
            None => {
                self.note_canary().await;
                self.rest()?;
                Ok(Some(Stop::GateOpen(gate.id)))
            }
        }
    }

    /// What the canary has seen goes into the journal where the run stops, and not at every step: it is told as a whole.
    pub(super) async fn note_canary(&mut self) {
        let Some(summary) = self.desk.canary(false).await.map(Box::new) else { return };
        if self.state.canary.as_ref() != Some(&summary) {
            self.push(Event::CanaryWatched { summary });
        }
    }

    /// The last of it. It is waited for, so what has happened is recorded first.
    pub(super) async fn end_canary(&mut self) -> Result<(), Failure> {
        if self.desk.has_canary() {
            self.commit()?;
            if let Some(summary) = self.desk.canary(true).await {
                self.push(Event::CanaryWatched { summary: Box::new(summary) });
            }
        }
        Ok(())
    }
}
