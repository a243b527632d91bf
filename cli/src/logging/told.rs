//! The journal's events as records, each once: the log alone tells the story of an upgrade.

use super::{Cursor, Line, Story, notice};
use crate::place::State as Place;
use mailsec_core::{engine::Watcher, journal::Envelope, plan::Step, upgrade::State, values::UpgradeId};

/// Whose records these are.
pub(super) const STORY: &str = "mailsec::story";

/// Tells what becomes durable.
pub(crate) struct Told {
    upgrade: UpgradeId,
    story: Story,
    cursor: Cursor,
}

impl Told {
    /// Takes the story up: what the journal has and no log has been told is told now.
    pub(crate) fn open(place: &Place, upgrade: UpgradeId, envelopes: &[Envelope]) -> Self {
        let all = u64::try_from(envelopes.len()).unwrap_or(u64::MAX);
        let cursor = Cursor::open(&place.logs().join("told"), upgrade, all);
        let mut told = Self { upgrade, story: Story::default(), cursor };
        for envelope in envelopes {
            told.take(envelope);
        }
        told
    }

    fn take(&mut self, envelope: &Envelope) {
        let Some(event) = envelope.event.known() else { return };
        let line = self.story.next(event);
        if envelope.seq < self.cursor.told() {
            return;
        }
        tell(self.upgrade, envelope, &line);
        if let Some(notice) = line.notice {
            let step = line.step.as_ref().map(|(step, _)| format!("{step}: ")).unwrap_or_default();
            notice::tell(notice, &format!("{step}{}\n\nUpgrade {}", line.text, self.upgrade));
        }
        self.cursor.set(envelope.seq + 1);
    }
}

/// In no span: an event that travels with the intent of the next step is not of that step.
fn tell(upgrade: UpgradeId, envelope: &Envelope, line: &Line) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::event!(
                target: STORY,
                parent: None,
                tracing::Level::$level,
                step = line.step.as_ref().map(|(step, _)| step.as_str()),
                phase = line.step.as_ref().map(|(_, phase)| phase.as_str()),
                attempt = line.attempt,
                event = line.kind,
                seq = envelope.seq,
                mail = line.mail.map(|mail| mail.to_string()),
                code = line.code,
                at = %envelope.at,
                %upgrade,
                "{}",
                line.text
            )
        };
    }
    match line.level {
        tracing::Level::ERROR => tell!(ERROR),
        tracing::Level::WARN => tell!(WARN),
        _ => tell!(INFO),
    }
}

impl Watcher for Told {
    fn recorded(&mut self, envelope: &Envelope, _state: &State) {
        self.take(envelope);
    }

    fn running(&mut self, _step: &Step, _undo: bool) {}
}

/// Two that watch.
pub(crate) struct Both<A, B>(pub(crate) A, pub(crate) B);

impl<A: Watcher, B: Watcher> Watcher for Both<A, B> {
    fn recorded(&mut self, envelope: &Envelope, state: &State) {
        self.0.recorded(envelope, state);
        self.1.recorded(envelope, state);
    }

    fn running(&mut self, step: &Step, undo: bool) {
        self.0.running(step, undo);
        self.1.running(step, undo);
    }
}
