//! The client against a server that misbehaves in every way that we could think of.
#![allow(clippy::unwrap_used, reason = "tests, helpers included")]

mod creating;
mod harness;
mod reading;
mod secrets;
mod tokens;
