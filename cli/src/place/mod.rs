//! Where a command works: which server, and where its journal lies.

mod config;
mod connect;
mod credential;
mod directory;
mod facts;
mod host;
mod private;
mod real_mail;
mod rehearsals;
mod secrets;
mod state;
mod unwanted;
#[cfg(windows)]
mod windows;

pub(crate) use directory::{AccountPlace, bind_secret};
pub(crate) use facts::read_facts;
pub(crate) use host::{Site, Which, no_world};
pub(crate) use private::private_folder;
pub(crate) use secrets::{Sources, read_by_others};
pub(crate) use state::{State, unread};
#[cfg(windows)]
pub(crate) use windows::private_state;
