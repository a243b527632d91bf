#![forbid(unsafe_code)]
//! A rig that runs a whole upgrade on the simulated server, with a scripted person and crashes where asked.

mod person;
mod rig;

pub use person::Person;
pub use rig::{End, Rig, request};
