//! The directory's port against a real domain controller (Samba's), natively: the fast loop. Each test has a domain of
//! its own. The Windows build keeps the same contract in the lab.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests, helpers included")]

mod contract;
mod discovery;
mod groups;
mod killed;
mod logons;
mod refusals;
mod setup;
mod tls;
