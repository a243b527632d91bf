//! Servers built from captured facts, and plans rehearsed on them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests, helpers included")]
#![allow(clippy::print_stdout, reason = "seen with --nocapture only")]

mod rebuilt;
mod rehearsed;
