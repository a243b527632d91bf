//! The real host.
mod blocking;
pub mod agents_config;
pub mod clock;
pub mod command_line;
pub mod installer_log;
pub mod os_error;
pub mod package_file;
pub mod pending;
pub mod registry_value;
pub mod secrets;
pub mod shell;
pub mod sid;
pub mod uninstall_entry;
