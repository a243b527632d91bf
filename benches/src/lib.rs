#![forbid(unsafe_code)]
//! An upgrade that does nothing but be durable, a device that counts, and exports of settings in any size.

mod device;
mod export;
mod measure;
mod workload;

pub use device::{CountingDisk, Raw};
pub use export::{Variant, write_export};
pub use measure::{median, peak_memory, processor_time};
pub use workload::{Idle, STEPS, Workload};
