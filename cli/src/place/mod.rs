//! Where a command works: which server, and where its journal lies.

mod config;
mod configured;
mod connect;
mod credential;
mod directory;
#[cfg(any(windows, test))]
mod elsewhere;
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
#[cfg(windows)]
pub(crate) use elsewhere::{absolute, source_from_anywhere};
pub(crate) use facts::read_facts;
pub(crate) use host::{Site, Which, no_world};
pub(crate) use private::private_folder;
pub(crate) use secrets::{Sources, read_by_others};
pub(crate) use state::{State, unread};
#[cfg(windows)]
pub(crate) use windows::private_state;
