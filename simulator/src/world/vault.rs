//! The only place of a world that holds passwords.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Passwords. They are written with the world, in this field only, and never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// What the directory accepts, by logon name in lower case.
    pub directory: BTreeMap<String, String>,
    /// What the service manager keeps for a service, by short name in lower case.
    pub services: BTreeMap<String, String>,
    /// What the server made by itself, by the name of the secret.
    pub generated: BTreeMap<String, String>,
    /// What protects the settings of a product, by the product's name.
    #[serde(default)]
    pub products: BTreeMap<String, String>,
    /// What the running installer was given.
    #[serde(default)]
    pub installer: BTreeMap<String, String>,
    /// What the directory accepted before somebody changed it, by logon name in lower case.
    #[serde(default)]
    pub former: BTreeMap<String, String>,
}

impl Vault {
    /// Every password of the world: what must be found nowhere else.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        [&self.directory, &self.services, &self.generated, &self.products, &self.installer, &self.former]
            .into_iter()
            .flat_map(|map| map.values().map(String::as_str))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(hidden)")
    }
}
