//! The journal on a device, in two copies that mend each other.
//!
//! The *witness*, a file of lines per upgrade, is what acknowledges an append; the *mirror*, sled, follows in a
//! thread of its own. `known` lists what was ever begun and how far it was acknowledged. How they are compared is in
//! [`reconcile`], the format in `docs/journal.md`.
// The one part of the core that touches files, threads and sleeps by itself: a journal behind a port of its own
// would have nothing below it to be durable on.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod ballast;
mod disk;
mod disk_journal;
#[cfg(feature = "testing")]
pub mod faulty;
mod known;
mod lock;
mod mirror;
mod open;
mod quarantine;
mod reader;
mod reconcile;
mod recover;
mod repair;
mod sled_copy;
mod verify;
mod witness;

pub use disk::{Disk, RealDisk};
pub use disk_journal::DiskJournal;
pub use lock::Holder;
pub use open::OpenOptions;
pub use reader::{Brief, WitnessReader, WitnessState, Witnessed};
pub use recover::{Recovered, recover};
pub use repair::{MirrorState, OpenReport, Repair};
pub use verify::{CopyState, Verification, Verified};
