#![forbid(unsafe_code)]
//! A rig that runs a whole upgrade on the simulated server, with a scripted person and crashes where asked.

pub mod case;
mod check;
mod cluster;
mod cluster_sweep;
mod page;
pub mod person;
pub mod rig;
mod sweep;

pub use case::{
    Case, case, eset,
    vipre::{ALL, request},
};
pub use check::{Calm, accounts_work, check, ledger_agrees, unchanged};
pub use cluster::{Cluster, Member, Members, again};
pub use cluster_sweep::{Swept, every_point_of_the_nodes, every_point_of_the_run};
pub use page::named_tests;
pub use person::{Person, installs, items, obliging, saves_rules};
pub use rig::{End, Rig, Secrets, given};
pub use sweep::{Crash, every_point, every_point_of, report};
