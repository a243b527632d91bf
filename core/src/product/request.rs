//! What an operator wants, parsed.

use crate::{
    plan::{MailBudget, NodeRole, SecretProperty, UnscannedPolicy},
    product::Method,
    values::{AccountName, Digest, ServerPath},
};
use serde::{Deserialize, Serialize};

/// What to do about the service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChoice {
    /// Keep the one that the service logs on with; its password is known.
    #[default]
    Keep,
    /// Keep it, and reset its password.
    Reset {
        /// Whether the program makes the new password.
        generate: bool,
    },
    /// Use this account, which exists.
    Use(AccountName),
    /// Create this account.
    Create {
        /// Its name.
        account: AccountName,
        /// Whether the program makes its password.
        generate: bool,
    },
}

/// What to do about the backup of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupChoice {
    /// Into a folder of this upgrade below this one.
    To(ServerPath),
    /// None; the operator's reason.
    Skip(String),
}

/// What to do about custom rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesChoice {
    /// What the product needs, in its own place.
    #[default]
    AsUsual,
    /// A person exports them to this file when asked.
    Export(ServerPath),
    /// There are none, or they are not wanted; the operator's reason.
    Skip(String),
}

/// How the installer runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallerChoice {
    /// As is usual for the product.
    #[default]
    AsUsual,
    /// By a person, with instructions.
    Attended,
    /// By the program, with arguments that the operator has tested on another server.
    Silent {
        /// Switches, or MSI properties.
        arguments: Vec<String>,
        /// MSI properties that take the service account's name and its password.
        credentials: Option<(String, String)>,
        /// MSI properties with other secrets.
        secrets: Vec<SecretProperty>,
    },
}

/// What an operator wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpgradeRequest {
    /// The installer.
    pub installer: ServerPath,
    /// Its digest, when the operator has one from the vendor.
    pub digest: Option<Digest>,
    /// Whether an installer without a valid signature is accepted; the operator's reason.
    pub unsigned: Option<String>,
    /// Which way; `None` for the one that the product's table puts first.
    pub method: Option<Method>,
    /// Whether the product wants a password before it lets itself be removed.
    pub settings_password: bool,
    /// How it runs.
    pub mode: InstallerChoice,
    /// The service account.
    pub account: AccountChoice,
    /// The backup.
    pub backup: BackupChoice,
    /// Custom rules.
    pub rules: RulesChoice,
    /// Mail while the agents are detached.
    pub unscanned: UnscannedPolicy,
    /// Whether scanning is proven at the end; it takes a mailbox in which probes are looked for.
    pub prove_scanning: bool,
    /// How long mail may suffer; `None` for a budget made from the steps.
    pub budget: Option<MailBudget>,
    /// Where logs of installers go.
    pub logs: ServerPath,
    /// Which part the server has in its cluster, where it is a node.
    pub role: Option<NodeRole>,
}

impl UpgradeRequest {
    /// This installer, everything else as usual: mail held, the backup below this folder.
    #[must_use]
    pub fn new(installer: ServerPath, backup: ServerPath, logs: ServerPath) -> Self {
        Self {
            installer,
            digest: None,
            unsigned: None,
            method: None,
            settings_password: false,
            mode: InstallerChoice::default(),
            account: AccountChoice::default(),
            backup: BackupChoice::To(backup),
            rules: RulesChoice::default(),
            unscanned: UnscannedPolicy::Hold,
            prove_scanning: false,
            budget: None,
            logs,
            role: None,
        }
    }
}
