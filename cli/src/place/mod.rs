//! Where a command works: which server, and where its journal lies.

mod connect;
mod host;
mod secrets;
mod state;
#[cfg(windows)]
mod windows;

pub(crate) use host::{Site, no_world};
pub(crate) use secrets::Sources;
pub(crate) use state::{State, unread};
#[cfg(windows)]
pub(crate) use windows::private_state;
