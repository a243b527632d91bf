#![forbid(unsafe_code)]
//! The part of mailsec that decides.
//!
//! An upgrade is a fold of events over an immutable [`plan`]; what happens next is a pure function of that fold
//! ([`upgrade`]). The [`engine`] is the short driver around it: it makes an intent durable in the [`journal`],
//! receives a [`Permit`] for it, and only then lets an [operation](operations) touch the server, through the ports
//! in [`host`]. A vendor adds a [`product`].
//!
//! Nothing here knows a vendor or an operating system, and nothing reads a clock, a file or a random number by
//! itself; `clippy.toml` beside this crate holds that line. The journal's store is the one exception.

pub mod engine;
pub mod failure;
pub mod host;
pub mod journal;
pub mod operations;
pub mod plan;
#[doc(hidden)]
pub mod planted;
pub mod product;
pub mod proof;
pub mod schema;
pub mod upgrade;
pub mod values;

pub use failure::{Code, Failure};
pub use journal::Permit;
