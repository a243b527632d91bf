//! Boots and restarts.

use super::Answer;
use crate::Permit;
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A value that differs after every boot and never within one: the only proof that a restart happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BootIdentity(pub Arc<str>);

impl fmt::Display for BootIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much a sign of a pending restart weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingWeight {
    /// Component servicing, Windows Update: do not begin.
    Stop,
    /// The file-rename list, which endpoint protection fills daily: say so and go on.
    Warn,
}

/// One sign that Windows wants a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRestart {
    /// Where the sign was seen (registry key or value).
    pub sign: String,
    /// What it says, for example the files to be renamed.
    pub detail: String,
    /// How much it weighs.
    pub weight: PendingWeight,
}

/// Boots and restarts.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Power: Send + Sync {
    /// The identity of the present boot.
    async fn boot(&self) -> Answer<BootIdentity>;

    /// Signs that Windows wants a restart.
    async fn pending(&self) -> Answer<Vec<PendingRestart>>;

    /// Asks for a planned restart. Success means that it was asked for; that it happened is proven only by another
    /// [`BootIdentity`].
    async fn restart(&self, permit: &Permit, comment: &str) -> Answer<()>;
}
