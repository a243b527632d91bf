//! What an installer of this world is: a small file that says what it does, stage by stage.

use super::eset::SimSettings;
use crate::shared::Shared;
use mailsec_core::{
    host::{PackageKind, RegistryView, Signature},
    values::ServerPath,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An installer file's content, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Product name.
    pub product: String,
    /// Product version.
    pub version: String,
    /// Product code, of an MSI package.
    pub product_code: Option<String>,
    /// MSI or program. A failing MSI takes back what it did; a failing program leaves it.
    pub kind: PackageKind,
    /// Who signed it.
    pub signature: Signature,
    /// Where the product goes; what an MSI package takes back lies below it.
    pub folder: ServerPath,
    /// What it does, in order.
    pub stages: Shared<Vec<Stage>>,
    /// What removing it does.
    pub removal: Shared<Vec<Stage>>,
    /// It always asks for a restart (3010).
    #[serde(default)]
    pub wants_restart: bool,
    /// It fails (1603) when it comes to this stage.
    #[serde(default)]
    pub fails_at: Option<usize>,
}

impl Script {
    /// The file's content.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings, numbers and maps with text keys always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// One thing that an installer does at once; the power can go off between two of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Stops a service (short name), if there is one.
    StopService(String),
    /// Removes a folder but for one sub-folder.
    RemoveFiles {
        /// The folder.
        folder: ServerPath,
        /// Stays.
        keep: Option<ServerPath>,
    },
    /// Writes files.
    WriteFiles(BTreeMap<ServerPath, String>),
    /// Writes files that are not there yet.
    AddFiles(BTreeMap<ServerPath, String>),
    /// Registers a service or changes its program.
    Service {
        /// Short name.
        name: String,
        /// Display name.
        display: String,
        /// Its program.
        image: ServerPath,
        /// The property that names its account, and the one that holds the password; where the first is not given,
        /// the account stays.
        log_on: Option<(String, String)>,
    },
    /// Removes a service.
    RemoveService(String),
    /// Writes a registry key.
    WriteKey {
        /// Which view.
        view: RegistryView,
        /// The key.
        key: String,
        /// Its values.
        values: BTreeMap<String, String>,
    },
    /// Removes a registry key.
    RemoveKey {
        /// Which view.
        view: RegistryView,
        /// The key.
        key: String,
    },
    /// Keeps the settings that are there, or writes the new version's own.
    Settings {
        /// Where they are kept.
        file: ServerPath,
        /// What the new version begins with.
        defaults: SimSettings,
    },
    /// A restart is needed to finish (3010).
    WantsRestart,
    /// Starts a service; where it does not start, the installation fails.
    StartService(String),
    /// The password that protects a product is forgotten with it.
    ForgetPassword(String),
    /// Registers transport agents anew, enabled or not: (name, factory, assembly).
    RegisterAgents {
        /// The agents.
        agents: Vec<(String, String, ServerPath)>,
        /// Whether they are enabled at once.
        enable: bool,
    },
}
