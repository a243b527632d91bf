//! What the stand-ins of the Windows lab share.
//!
//! The lab cannot hold a real Exchange server, so these programs imitate the few things of one that an upgrade
//! touches. Everything here that is not the service manager or the registry is plain portable code, so that its rules
//! are tested on any system; only the programs themselves are for Windows.
#![forbid(unsafe_code)]

pub mod agents;
pub mod base64;
mod call;
pub mod cmdlets;
pub mod eset;
pub mod events;
pub mod faults;
pub mod frame;
pub mod layout;
pub mod ledger;
pub mod script;
pub mod smtp;
pub mod state;

#[cfg(windows)]
pub mod service;
#[cfg(windows)]
pub mod windows;
