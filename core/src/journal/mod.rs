//! The journal: one hash chain of envelopes per upgrade, durable before anything happens.

mod envelope;
mod memory;
pub use memory::MemoryJournal;
mod recorder;

pub use envelope::{Envelope, Format, MAX_ENVELOPE_BYTES, Recorded, Stamp};
pub use recorder::Recorder;

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
    /// [`Code::DiskFull`](crate::Code::DiskFull) and [`Code::JournalUnwritable`](crate::Code::JournalUnwritable)
    /// from the store; nothing was appended then, as far as a later read can tell.
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

    /// The upgrades in the store, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure>;

    /// Waits until every copy that the store keeps is on the device (at a gate, before a restart, at the end).
    ///
    /// # Errors
    /// When a copy could not be written.
    fn settle(&mut self) -> Result<(), Failure>;
}
