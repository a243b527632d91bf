#![forbid(unsafe_code)]
//! Mail as a sender and a recipient see it: probes by SMTP, pick-up by IMAP, and the canary of a running upgrade.

mod blocking;
pub mod canary;
mod imap;
mod smtp;
mod tls;

pub use blocking::blocking;
pub use imap::{ImapPickup, PickupConfig, PickupEncryption};
pub use smtp::{POSTMASTER, SmtpProbe};
