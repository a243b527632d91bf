#![deny(unsafe_code)]
//! The real host: every port of `mailsec_core::host` on Windows, and the Windows service that resumes an upgrade.
//!
//! On other systems only the parts that decide are built - readers, builders of scripts and command lines, the
//! directory - and tested. `unsafe` is in `win/` only, one small file per kind of call.

mod random;

pub mod agents_config;
pub mod clock;
pub mod command_line;
pub mod directory;
pub mod installer_log;
pub mod logon_task;
pub mod os_error;
pub mod package_file;
pub mod pending;
pub mod private;
pub mod registry_value;
pub mod secrets;
pub mod shell;
pub mod sid;
pub mod uninstall_entry;

#[cfg(windows)]
mod child;
#[cfg(windows)]
pub mod event_log;
#[cfg(windows)]
mod files;
#[cfg(windows)]
mod host;
#[cfg(windows)]
mod packages;
#[cfg(windows)]
mod power;
#[cfg(windows)]
mod processes;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
pub mod service;
#[cfg(windows)]
mod services;
#[cfg(windows)]
mod store;
#[cfg(windows)]
mod transport;
#[cfg(windows)]
#[allow(unsafe_code)]
mod win;

pub use clock::SystemClock;
pub use directory::{DirectoryConfig, Encryption, LdapDirectory};
pub use secrets::SecretSources;

#[cfg(windows)]
pub use {
    files::WindowsFiles,
    host::{WindowsConfig, WindowsHost},
    packages::WindowsPackages,
    power::WindowsPower,
    processes::WindowsProcesses,
    registry::WindowsRegistry,
    services::WindowsServices,
    transport::WindowsTransport,
};
