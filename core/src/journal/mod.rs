//! The journal: one hash chain of envelopes per upgrade, durable before anything happens.
//!
//! [`DiskJournal`] keeps it on a device, in two copies that mend each other; [`MemoryJournal`] keeps it for
//! simulations; [`WitnessReader`] reads it while another process writes. [`Recorder`] is what the engine writes
//! with. The format and the guarantees are in `docs/journal.md`.

mod bundle;
mod chain;
#[cfg(feature = "testing")]
pub mod contract;
mod envelope;
mod line;
mod memory;
mod permit;
mod recorder;
mod schema;
mod store;

pub use bundle::{Adopted, Bundle, Flaw, Lines, export, import};
pub use chain::{Damage, LastGood, Tip, conflict, not_found};
pub use envelope::{Envelope, Format, MAX_ENVELOPE_BYTES, Recorded, Stamp};
pub use line::Line;
pub use memory::MemoryJournal;
pub use permit::{Agreed, Permit};
pub use recorder::Recorder;
pub(crate) use schema::JournalLine;
#[cfg(feature = "testing")]
pub use store::faulty;
pub use store::{
    Brief, CopyState, Disk, DiskJournal, Holder, MirrorState, OpenOptions, OpenReport, RealDisk, Recovered,
    Repair, Verification, Verified, WitnessReader, WitnessState, Witnessed, recover,
};

use crate::{failure::Failure, upgrade::Event, values::UpgradeId};

/// A store of envelopes. One writer; appends name the sequence number they expect, so a second process that woke up
/// late is fenced out, not merged.
pub trait Journal: Send {
    /// Appends events as one unit: after a crash all of them are there or a prefix of them is, and once this
    /// returns all of them are on the device. One device flush.
    ///
    /// `expected` is the number of envelopes the upgrade has. Returns the new envelopes.
    ///
    /// # Errors
    /// [`Code::JournalConflict`](crate::Code::JournalConflict) when the upgrade has another number of envelopes,
    /// [`Code::JournalTooLarge`](crate::Code::JournalTooLarge) for an event beyond [`MAX_ENVELOPE_BYTES`],
    /// [`Code::JournalNewer`](crate::Code::JournalNewer) when a newer version of the program wrote to the upgrade,
    /// [`Code::DiskFull`](crate::Code::DiskFull) and [`Code::JournalUnwritable`](crate::Code::JournalUnwritable)
    /// from the store. Nothing was acknowledged then; after a device that failed to flush, a later open may find
    /// the events all the same, as after a crash.
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure>;

    /// Every envelope of an upgrade, in order, its chain verified.
    ///
    /// # Errors
    /// [`Code::UpgradeNotFound`](crate::Code::UpgradeNotFound),
    /// [`Code::JournalDamaged`](crate::Code::JournalDamaged) with the last good envelope.
    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure>;

    /// The upgrades in the store, oldest first (by their id), damaged ones among them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure>;

    /// Waits until every copy that the store keeps is on the device and was found there (at a gate, before a restart,
    /// at the end).
    ///
    /// # Errors
    /// When a copy could not be written.
    fn settle(&mut self) -> Result<(), Failure>;

    /// Whether something new may begin: a store that has begun to use its reserve of space still takes what ends.
    ///
    /// # Errors
    /// [`Code::DiskFull`](crate::Code::DiskFull).
    fn ready(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<J: Journal + ?Sized> Journal for $pointer {
            fn append(
                &mut self,
                upgrade: UpgradeId,
                expected: u64,
                stamp: &Stamp,
                events: &[Event],
            ) -> Result<Vec<Envelope>, Failure> {
                (**self).append(upgrade, expected, stamp, events)
            }
            fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
                (**self).read(upgrade)
            }
            fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
                (**self).upgrades()
            }
            fn settle(&mut self) -> Result<(), Failure> {
                (**self).settle()
            }
            fn ready(&mut self) -> Result<(), Failure> {
                (**self).ready()
            }
        }
    )*};
}

forward!(&mut J, Box<J>);
