//! ESET's upgrade on the simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::result_large_err,
    reason = "tests, helpers included"
)]

mod article;
mod cluster;
mod crash_points;
mod docs;
mod faults;
mod pairs;
