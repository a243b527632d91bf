#![forbid(unsafe_code)]
//! A mail server that exists only as data, behind the very ports through which mailsec sees a real one.
//!
//! A [`World`] is plain data: a clock, services, transport agents, mail, files, a registry, a directory and
//! installers. A [`SimHost`] puts it behind the ports. Nothing in it depends on real time, threads or the order of a
//! hash table: what is undetermined is asked of one [`Tape`], so that a run can be repeated, replayed, and crashed
//! at each of its crash points.
//!
//! Names of services, agents and files that no public source states carry `Sim`, so that nobody takes them for the
//! vendor's.

pub mod captured;
pub mod cases;
pub mod catalogue;
pub mod device;
pub mod explore;
pub mod fate;
pub mod faults;
pub mod folder;
pub mod host;
pub mod journal;
pub mod oracle;
pub mod people;
pub mod rehearsal;
pub mod scenario;
pub mod shared;
pub mod swarm;
pub mod tape;
pub mod world;
pub mod worlds;

pub use device::DeviceJournal;
pub use fate::{Decision, Effect, Fate, Pacer};
pub use faults::Fault;
pub use host::{SimHost, SimPower};
pub use journal::PoweredJournal;
pub use tape::{Calm, CrashAt, Replay, Swarm, Tape};
pub use world::World;
