//! The remote method on a management server in memory: killed at every point, and answered badly in every way.
#![allow(clippy::unwrap_used, reason = "tests, helpers included")]

mod crash;
mod outcomes;
mod rig;
mod sim;
