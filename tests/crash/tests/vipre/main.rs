//! The VIPRE upgrade on the simulated server, interrupted everywhere. One program, so that it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::type_complexity,
    reason = "all of this is tests: helpers may fail them, counts are shown, and tables have wide rows"
)]

mod article;
mod checklist;
mod cluster;
mod controllers;
mod crash_points;
mod device;
mod docs;
mod faults;
mod hanging;
mod interactions;
mod loops;
mod pairs;
mod plans;
mod proof;
mod properties;
#[cfg(unix)]
mod real_directory;
mod refusals;
mod requests;
mod rollback;
mod shutdown;
