//! The Exchange Management Shell, called from a child that has exited before the call returns.
//!
//! The shell process that ran `Install-TransportAgent` keeps the agent's assembly open ("After Exchange loads the
//! DLLs, it continues to reference the DLLs after the command has completed",
//! <https://learn.microsoft.com/exchange/mail-flow/transport-agents/manage-transport-agents>), so no shell is ever kept.

mod frame;
mod script;

#[cfg(windows)]
mod run;

pub use frame::{Answered, ShellError, read_frame};
pub use script::{Cmdlet, Script, ShellKind, encode_command};

#[cfg(windows)]
pub(crate) use run::Shell;
