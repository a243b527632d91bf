//! What operations are given.

use crate::{
    host::{PackageKind, ServiceName},
    plan::Question,
    values::{AccountName, Digest, SecretRef, ServerPath, StepId, Version},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An installer as it must be, checked before anything is detached and again just before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedPackage {
    /// Where it lies.
    pub path: ServerPath,
    /// MSI or program.
    pub kind: PackageKind,
    /// Its product name must contain one of these, without case.
    pub product: Vec<String>,
    /// The version it installs.
    pub version: Version,
    /// Digest, as seen when the plan was made; an operator's own digest was compared with it then.
    pub digest: Digest,
    /// The signer's name must contain this; none when the operator chose to accept an unsigned package.
    pub signer: Option<String>,
}

/// An MSI property whose value is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretProperty {
    /// Property name.
    pub name: String,
    /// Where the value is.
    pub secret: SecretRef,
}

/// How an installer runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstallerMode {
    /// By the program, without a window.
    Silent {
        /// Switches or MSI properties that the operator has tested.
        arguments: Vec<String>,
        /// Properties with secret values.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secrets: Vec<SecretProperty>,
    },
    /// By a person; the program asks, waits, and verifies.
    Attended {
        /// What to do.
        question: Question,
    },
}

/// Which account a step is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountSource {
    /// This one.
    Named(AccountName),
    /// The one that the service logs on with now.
    OfService(ServiceName),
}

/// When the server is restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestartWhen {
    /// In any case.
    Always,
    /// When the installer of that step said so.
    NeededBy(StepId),
}

/// What to do with a step that a crash left half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnPartial {
    /// Running it again completes it.
    Finish,
    /// A person decides.
    Ask,
}
