//! A domain for tests: a real domain controller (Samba's) that a test can fill, kill and start again.
//!
//! Each [`Domain`] is a controller of its own, on a loopback address of its own, since the ports of LDAP are fixed: any
//! number of test programs can have theirs at the same time. What it is started from is made once for each build folder
//! (some ten seconds) and copied, so that every test begins with the same domain and none is left what another one did.
#![forbid(unsafe_code)]
#![cfg(unix)]

mod admin;
mod error;
mod samba;
mod template;

pub use admin::{Admin, Scope};
pub use error::{DomainError, Result};
pub use samba::Domain;

/// The NetBIOS name of the domain.
pub const NETBIOS: &str = "LAB";
/// Its name in DNS, in which its controller is `dc1`.
pub const DNS: &str = "lab.test";
/// Its distinguished name.
pub const BASE: &str = "DC=lab,DC=test";
/// An administrator of it, for binds.
pub const ADMINISTRATOR: &str = r"LAB\Administrator";
/// That administrator's password.
pub const ADMINISTRATOR_PASSWORD: &str = "Lab-Admin-Pass-1";
