//! Where a replay takes another course than the record.

use crate::{
    failure::{Code, Failure},
    journal::{Envelope, Recorded},
    upgrade::Event,
};
use serde::Serialize;

/// More characters of an envelope are not shown.
const SHOWN: usize = 400;

/// What the engine does at a point of the record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// It writes this.
    Event(Box<Envelope>),
    /// It does something whose outcome no record has: what.
    Text(String),
}

/// The first envelope that the engine would not write.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Departure {
    /// As it was recorded.
    pub recorded: Box<Envelope>,
    /// What the engine does there now.
    pub instead: Instead,
}

impl Departure {
    /// The number of that envelope.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.recorded.seq
    }

    /// As a failure.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let recorded = &self.recorded;
        let found = match &self.instead {
            Instead::Event(envelope) if envelope.event == recorded.event => {
                format!("the same event, written otherwise: {}", surroundings(envelope))
            }
            Instead::Event(envelope) => told(envelope),
            Instead::Text(what) => format!("the engine would {what}"),
        };
        let expected = match &self.instead {
            Instead::Event(envelope) if envelope.event == recorded.event => {
                format!("envelope {}: {}", recorded.seq, surroundings(recorded))
            }
            _ => format!("envelope {}: {}", recorded.seq, told(recorded)),
        };
        Failure::new(
            Code::ReplayDeparts,
            format!("the engine departs from the record at envelope {}", recorded.seq),
        )
        .expected(expected)
        .found(found)
        .hint(format!(
            "mailsec {} wrote this envelope; replay it with that version: if it departs too, the record was changed",
            recorded.engine
        ))
    }
}

fn told(envelope: &Envelope) -> String {
    let json = match &envelope.event {
        Recorded::Known(event) => serde_json::to_string(event),
        Recorded::Unknown(event) => serde_json::to_string(event),
    };
    short(&json.unwrap_or_default())
}

fn surroundings(envelope: &Envelope) -> String {
    format!(
        "at {}, boot {}, mailsec {}, format {}",
        envelope.at, envelope.boot, envelope.engine, envelope.format.0
    )
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a process begins with this envelope.
pub(super) fn takes_up(envelope: &Envelope) -> bool {
    matches!(
        envelope.event.known(),
        Some(
            Event::Resumed { .. }
                | Event::UnplannedRestart { .. }
                | Event::MailFlowChanged { seen: false, .. }
        )
    )
}
