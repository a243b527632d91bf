//! The registry, read only.

use super::Answer;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Which half of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryView {
    /// The 64-bit view.
    Wide,
    /// The 32-bit view (`WOW6432Node`).
    Narrow,
}

/// Keys under `HKEY_LOCAL_MACHINE`.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Registry: Send + Sync {
    /// A value as text (numbers in decimal, multi-strings joined by line feeds); `None` when there is none.
    async fn value(&self, view: RegistryView, key: &str, name: &str) -> Answer<Option<String>>;

    /// Whether a key exists.
    async fn exists(&self, view: RegistryView, key: &str) -> Answer<bool>;
}
