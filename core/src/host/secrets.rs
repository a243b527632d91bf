//! Passwords, by reference.

use super::Answer;
use crate::values::{Secret, SecretRef};
use async_trait::async_trait;

/// Where passwords come from: a prompt, the environment, a file with owner-only access, a store of the system.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret, or `None` when nobody gave it and none was
    /// [made](super::Directory::generate_password). Does not wait for a person.
    async fn get(&self, name: &SecretRef) -> Answer<Option<Secret>>;
}
