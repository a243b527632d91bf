//! The journal of a replay: it takes what was recorded, and nothing else.

use super::course::{Course, end};
use crate::{
    engine::{Desk, Message},
    failure::{Code, Failure},
    journal::{Envelope, Journal, Stamp},
    upgrade::{CanarySummary, Event, Gate, State},
    values::{Digest, UpgradeId},
};
use async_trait::async_trait;
use std::sync::Arc;

/// Seals every event anew, and takes it when the line is the recorded one. Of an append that goes on otherwise, the
/// beginning is taken: that is what a crash leaves of one.
pub(super) struct Pen(pub(super) Arc<Course>);

impl Journal for Pen {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        let written = self.0.written();
        if expected != written as u64 {
            return Err(Failure::new(Code::JournalConflict, "a replay writes in order"));
        }
        let before = written.checked_sub(1).and_then(|last| self.0.lines().get(last));
        let prev = before.map_or(Digest::ZERO, |line| line.hash());
        let sealed = Envelope::seal(upgrade, expected, prev, stamp, events)?;
        sealed.into_iter().map(|(envelope, line)| self.0.write(envelope, &line)).collect()
    }

    fn read(&self, _: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        Ok(self.0.so_far().to_vec())
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        Ok(self.0.so_far().first().map(|envelope| envelope.upgrade).into_iter().collect())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// People say again what they said, at the same places.
pub(super) struct Voices(pub(super) Arc<Course>);

#[async_trait]
impl Desk for Voices {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        if self.0.is_over() {
            return Err(end());
        }
        let mut messages = Vec::new();
        if !self.0.goes_on() {
            messages.push(super::course::refused());
        }
        messages.extend(self.0.said());
        Ok(messages)
    }

    fn taken(&self, message: &Message, refused: Option<&Failure>) {
        if let Some(failure) = refused.filter(|_| !message.id.is_empty()) {
            self.0.missing(format!("refuse what {} said: {failure}", message.by));
        }
    }

    async fn ask(&self, _gate: &Gate, _state: &State) -> Option<Message> {
        self.0.said().into_iter().next()
    }

    fn has_canary(&self) -> bool {
        matches!(self.0.next(), Some(Event::CanaryWatched { .. }))
    }

    async fn canary(&self, _end: bool) -> Option<CanarySummary> {
        match self.0.next() {
            Some(Event::CanaryWatched { summary }) => Some(CanarySummary::clone(summary)),
            _ => None,
        }
    }
}
