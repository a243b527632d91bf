//! What the harness's tool says about the state of Windows.

use serde::{Deserialize, Serialize};

/// A service, as the service manager describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// Its short name.
    pub name: String,
    /// Its display name.
    pub display_name: String,
    /// `Running`, `Stopped`, `StartPending`, ...
    pub state: String,
    /// `AutoStart`, `OnDemand`, `Disabled`, ...
    pub start_type: String,
    /// The account it logs on as.
    pub account: Option<String>,
    /// Its command line.
    pub program: String,
    /// The Windows id of its process while it has one.
    pub process: Option<u32>,
    /// The exit code it stopped with; 1077 if it was not started since the system was.
    pub exit_code: u32,
}

/// A value of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistryValue {
    /// A string, as it is stored.
    Text(String),
    /// A number of either size.
    Number(u64),
    /// Several strings.
    List(Vec<String>),
    /// Anything else.
    Bytes(Vec<u8>),
}
