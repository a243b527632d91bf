//! The Windows lab: a Windows machine under Wine, with a stand-in Exchange and a stand-in product on it, that a test
//! can install on, send mail to, kill programs in, reboot and cut the power of.
//!
//! Each [`Lab`] is a machine of its own (a Wine prefix copied from a cached template). Dropping it ends every one of its
//! processes and deletes it; `MAILSEC_LAB_KEEP=1` keeps its files. What the lab cannot show is in its `README.md`.
#![forbid(unsafe_code)]
#![cfg(unix)]

mod artifacts;
mod digest;
mod error;
mod exchange;
mod lab;
mod machine;
mod packages;
mod processes;
mod program;
mod sender;
mod template;
mod tools;

pub use artifacts::build_for_windows;
pub use error::{LabError, Result};
pub use lab::Lab;
pub use mailsec_lab_standins::agents::Agent;
pub use mailsec_lab_standins::events::EventLine;
pub use mailsec_lab_standins::faults::{Faults, ShellFaults, TransportFaults};
pub use mailsec_lab_standins::ledger::Mail;
pub use mailsec_lab_standins::state::{RegistryValue, ServiceState};
pub use mailsec_lab_standins::{base64, layout};
pub use packages::Package;
pub use processes::Process;
pub use program::{Ended, Running};
pub use sender::{Sender, SenderReport};
