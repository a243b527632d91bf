//! A person who does what gates ask, as far as the script goes.

use async_trait::async_trait;
use mailsec_core::{
    Failure,
    engine::{Desk, Message, Said},
    plan::Choice,
    upgrade::{Gate, GateKind, Request, State},
};
use mailsec_simulator::SimHost;
use std::sync::Mutex;

type Deed = Box<dyn Fn(&SimHost, &Gate) -> Option<Choice> + Send + Sync>;

/// Answers gates by a rule, and makes requests at given events.
pub struct Person {
    host: SimHost,
    deed: Deed,
    requests: Mutex<Vec<(u64, Request)>>,
    asked: Mutex<Vec<(GateKind, String)>>,
}

impl Person {
    /// A person at this server. The rule returns what they answer; `None` leaves the gate open.
    pub fn new(
        host: &SimHost,
        deed: impl Fn(&SimHost, &Gate) -> Option<Choice> + Send + Sync + 'static,
    ) -> Self {
        Self { host: host.clone(), deed: Box::new(deed), requests: Mutex::default(), asked: Mutex::default() }
    }

    /// Also asks for something once the upgrade has so many events.
    #[must_use]
    pub fn asking(self, after: u64, request: Request) -> Self {
        self.requests.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((after, request));
        self
    }

    /// The gates that were answered, in order.
    pub fn asked(&self) -> Vec<(GateKind, String)> {
        self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Desk for Person {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        Ok(Vec::new())
    }

    fn taken(&self, _message: &Message, _refused: Option<&Failure>) {}

    async fn ask(&self, gate: &Gate, _state: &State) -> Option<Message> {
        let choice = (self.deed)(&self.host, gate)?;
        self.asked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push((gate.why, gate.question.title.clone()));
        Some(Message {
            id: gate.id.to_string(),
            said: Said::Answer { gate: gate.id.clone(), choice },
            by: "Ada".to_owned(),
            note: "as the script says".to_owned(),
        })
    }
}
