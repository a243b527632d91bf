//! What a trial's journal is kept in.

use crate::{DeviceJournal, PoweredJournal, SimPower};
use mailsec_core::{
    Failure,
    journal::{Envelope, Journal, MemoryJournal, Stamp},
    upgrade::Event,
    values::UpgradeId,
};
use serde::{Deserialize, Serialize};

/// What a journal is to be kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Memory, as the events are: without JSON, hashes and recovery.
    Typed,
    #[default]
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

    /// A process opens it, on a server with this power.
    #[must_use]
    pub(super) fn open(self, power: SimPower) -> Open {
        match self {
            Self::Memory(journal) => Open::Memory(PoweredJournal::new(journal, power)),
            Self::Device(journal) => Open::Device(journal.open(power)),
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

/// A journal that a process has open.
pub(super) enum Open {
    Memory(PoweredJournal<MemoryJournal>),
    Device(DeviceJournal),
}

impl Open {
    /// What survives the process.
    pub(super) fn close(self) -> Kept {
        match self {
            Self::Memory(journal) => Kept::Memory(journal.into_inner()),
            Self::Device(journal) => Kept::Device(journal),
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

macro_rules! journal_of {
    ($type:ty) => {
        impl Journal for $type {
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
    };
}

journal_of!(Kept);
journal_of!(Open);
