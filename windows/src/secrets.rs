//! Passwords, held in memory only.

use async_trait::async_trait;
use mailsec_core::{
    host::{Answer, Secrets},
    values::{Secret, SecretRef},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The secrets that were given to this run: by a prompt, the environment or a file, whichever the command line reads.
///
/// Nothing is written anywhere. After a restart they have to be given again, which is why a plan proves credentials
/// before its point of no return.
#[derive(Clone, Debug, Default)]
pub struct SecretSources(Arc<Mutex<BTreeMap<SecretRef, Secret>>>);

impl SecretSources {
    /// No secrets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a secret, or replaces it.
    pub fn set(&self, name: SecretRef, secret: Secret) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, secret);
    }

    /// The secret, if it was given.
    #[must_use]
    pub fn find(&self, name: &SecretRef) -> Option<Secret> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

#[async_trait]
impl Secrets for SecretSources {
    async fn get(&self, name: &SecretRef) -> Answer<Option<Secret>> {
        Ok(self.find(name))
    }
}
