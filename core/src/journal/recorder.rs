//! The engine's end of the journal: collects events, appends them as one, and hands out permits.

use super::{Envelope, Journal, Stamp};
use crate::{
    Permit,
    failure::Failure,
    upgrade::Event,
    values::{StepId, UpgradeId},
};

/// Collects the events of one upgrade until they must be durable.
pub struct Recorder<'j> {
    journal: &'j mut dyn Journal,
    upgrade: UpgradeId,
    len: u64,
    waiting: Vec<Event>,
    broken: Option<Failure>,
}

impl<'j> Recorder<'j> {
    /// For an upgrade that has `len` envelopes.
    pub fn new(journal: &'j mut dyn Journal, upgrade: UpgradeId, len: u64) -> Self {
        Self { journal, upgrade, len, waiting: Vec::new(), broken: None }
    }

    /// The upgrade.
    #[must_use]
    pub fn upgrade(&self) -> UpgradeId {
        self.upgrade
    }

    /// Takes an event; it is durable after the next commit.
    pub fn push(&mut self, event: Event) {
        self.waiting.push(event);
    }

    /// Whether events wait for a commit.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Makes everything durable in one append.
    ///
    /// # Errors
    /// From the journal. After one, every further commit fails the same way: no new effect starts.
    pub fn commit(&mut self, stamp: &Stamp) -> Result<Vec<Envelope>, Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        if self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        match self.journal.append(self.upgrade, self.len, stamp, &self.waiting) {
            Ok(envelopes) => {
                self.len += u64::try_from(self.waiting.len()).unwrap_or(0);
                self.waiting.clear();
                Ok(envelopes)
            }
            Err(failure) => {
                self.broken = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// Makes everything durable, and proves that the intent for `step` is.
    ///
    /// # Errors
    /// As [`Recorder::commit`].
    pub fn commit_intent(
        &mut self,
        step: &StepId,
        stamp: &Stamp,
    ) -> Result<(Permit, Vec<Envelope>), Failure> {
        let envelopes = self.commit(stamp)?;
        Ok((Permit::issue(self.upgrade, step.clone(), self.len.saturating_sub(1)), envelopes))
    }

    /// Waits until every copy of the journal is on the device.
    ///
    /// # Errors
    /// From the journal.
    pub fn settle(&mut self) -> Result<(), Failure> {
        self.journal.settle()
    }
}
