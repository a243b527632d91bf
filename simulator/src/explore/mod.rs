//! Runs of whole upgrades on simulated servers, interrupted wherever a crash can fall, and what must be true after.

pub mod check;
mod exhaustive;
mod kept;
pub mod parallel;
mod second;
mod subject;
mod trial;

pub use check::{Calm, check, ledger_agrees, picture, settled, unchanged};
pub use exhaustive::{Crash, Explored, Interrupted, Slowest, Wrong, every_pair, every_point};
pub use kept::{Kept, Medium};
pub use subject::Subject;
pub use trial::{End, Products, TAKES_DOWN, Takes, Trial, VERSION};
