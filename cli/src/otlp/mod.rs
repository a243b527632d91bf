//! Export to a collector of OpenTelemetry, by OTLP over HTTP: a trace for each upgrade, a span for each try of a step, a
//! log record for each event.
//!
//! It is made of the journal and not of what happens in the process: so the trace goes on after a crash where it stood,
//! and a step that one process began and another one found done is one span. That is why the SDK of OpenTelemetry is not
//! used, only its messages: its spans have ids that are made up when they begin, and end where they began.

mod endpoint;
mod sender;
mod trace;
mod wire;

pub(crate) use endpoint::{Endpoint, HEADERS};

use crate::{logging::Cursor, output, place::State as Place};
use mailsec_core::{engine::Watcher, journal::Envelope, plan::Step, upgrade::State, values::UpgradeId};
use sender::{Left, Sender};
use trace::Trace;

/// Exports what becomes durable. At its end it waits a little for what is on its way, and says what was lost.
pub(crate) struct Export {
    trace: Trace,
    told: u64,
    sender: Option<Sender>,
}

impl Export {
    /// Takes the trace up; exports nothing without an endpoint. What the journal has and the collector has not taken yet
    /// is sent as well.
    pub(crate) fn open(
        endpoint: Option<&Endpoint>,
        place: &Place,
        upgrade: UpgradeId,
        envelopes: &[Envelope],
    ) -> Self {
        let sender = endpoint.map(|endpoint| {
            let all = u64::try_from(envelopes.len()).unwrap_or(u64::MAX);
            let cursor = Cursor::open(&place.logs().join("otlp"), upgrade, all);
            (cursor.told(), Sender::start(endpoint.clone(), cursor))
        });
        let (told, sender) = match sender {
            Some((told, Ok(sender))) => (told, Some(sender)),
            Some((_, Err(failure))) => {
                output::say(&format!("Nothing is exported: {failure}"));
                (0, None)
            }
            None => (0, None),
        };
        let mut export = Self { trace: Trace::new(upgrade), told, sender };
        for envelope in envelopes {
            export.take(envelope);
        }
        export
    }

    fn take(&mut self, envelope: &Envelope) {
        let (Some(sender), Some(event)) = (&mut self.sender, envelope.event.known()) else { return };
        let item = self.trace.next(envelope, event);
        if envelope.seq >= self.told {
            sender.put(item);
        }
    }
}

impl Watcher for Export {
    fn recorded(&mut self, envelope: &Envelope, _state: &State) {
        self.take(envelope);
    }

    fn running(&mut self, _step: &Step, _undo: bool) {}
}

impl Drop for Export {
    fn drop(&mut self) {
        let Some(Left { lost, why }) = self.sender.take().map(Sender::end).filter(|left| left.lost > 0)
        else {
            return;
        };
        output::say(&format!("{lost} records were not exported: {why}"));
    }
}
