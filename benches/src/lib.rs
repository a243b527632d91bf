#![forbid(unsafe_code)]
//! An upgrade that does nothing but be durable, and a device that counts.

mod device;
mod workload;

pub use device::{CountingDisk, Raw};
pub use workload::{Idle, STEPS, Workload};
