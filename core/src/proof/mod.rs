//! Proof of scanning: a clean message, then one with a harmless test file, and what became of both.
//!
//! A banner, a running service and registered agents prove nothing of this: port 25 of Exchange is a proxy that looks
//! into no message (<https://learn.microsoft.com/exchange/mail-flow/mail-flow>), and an agent can be registered and not
//! loaded. What counts is a file that must not arrive, and does not, on a path that is shown to work before and after.

mod letter;
mod prove;
mod test_file;

pub use letter::{DOMAIN, Letter, compose, is_marker, marker_of, message_id};
pub use prove::{Delivery, MailPath, Patience, Proof, ScanVerdict, deliver, prove};
pub use test_file::{holds_test_file, test_file};
