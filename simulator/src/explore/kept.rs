//! What a trial's journal is kept in.

use crate::DeviceJournal;
use mailsec_core::{
    Failure,
    journal::{Envelope, Journal, MemoryJournal, Stamp},
    upgrade::Event,
    values::UpgradeId,
};

/// What a journal is to be kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Memory, as the events are: without JSON, hashes and recovery.
    Typed,
    /// Memory, sealed as the shipped journal seals it.
    Sealed,
    /// The bytes of a simulated device, with the shipped codec, chain and recovery.
    Device,
}

/// A journal that outlives its processes.
#[derive(Clone, Debug)]
pub enum Kept {
    /// In memory.
    Memory(MemoryJournal),
    /// On a simulated device.
    Device(DeviceJournal),
}

impl Kept {
    /// An empty one.
    #[must_use]
    pub fn on(medium: Medium) -> Self {
        match medium {
            Medium::Typed => Self::Memory(MemoryJournal::without_codec()),
            Medium::Sealed => Self::Memory(MemoryJournal::new()),
            Medium::Device => Self::Device(DeviceJournal::new()),
        }
    }

    fn journal(&self) -> &dyn Journal {
        match self {
            Self::Memory(journal) => journal,
            Self::Device(journal) => journal,
        }
    }

    fn journal_mut(&mut self) -> &mut dyn Journal {
        match self {
            Self::Memory(journal) => journal,
            Self::Device(journal) => journal,
        }
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::on(Medium::Sealed)
    }
}

impl Journal for Kept {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        self.journal_mut().append(upgrade, expected, stamp, events)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.journal().read(upgrade)
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        self.journal().upgrades()
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.journal_mut().settle()
    }

    fn ready(&mut self) -> Result<(), Failure> {
        self.journal_mut().ready()
    }
}
