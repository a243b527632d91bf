#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture that does not start ends its test"
)]
//! A mail server as a test bed: Postfix from Debian takes mail in, a small scanner of ours looks at it, Dovecot from Debian
//! shows the mailbox. All of it runs on loopback, on free ports, in a folder of its own; nothing of the system's own mail
//! configuration is read or written. Postfix and Dovecot change users, so the bed needs root.

mod bed;
mod control;
mod host;
mod imap;
mod mta;
mod scanner;

pub use bed::{Bed, path};
pub use control::{Control, Wanted};
pub use host::Composite;
pub use scanner::{Manner, Passed, Scanner};
