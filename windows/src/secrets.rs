//! Passwords: those that were given, in memory only, and those that were made here, in a store as well.

use async_trait::async_trait;
use mailsec_core::{
    Failure,
    host::{Answer, Secrets},
    values::{Secret, SecretRef},
};
use mailsec_mail::blocking;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

/// The secrets that were given to this run: by a prompt, the environment or a file, whichever the command line reads.
///
/// What was given is written nowhere. After a restart it has to be given again, which is why a plan proves credentials
/// before its point of no return. A password that this program made cannot be given again by anybody, so it is written
/// to the store, if there is one, before it can be used.
#[derive(Clone, Debug, Default)]
pub struct SecretSources {
    known: Arc<Mutex<BTreeMap<SecretRef, Secret>>>,
    store: Option<PathBuf>,
    variables: Vec<String>,
}

impl SecretSources {
    /// No secrets yet, and no store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the passwords that are made in files in this folder, which is made for administrators only. On Windows;
    /// elsewhere nothing is kept, as there is no host that could use it.
    #[must_use]
    pub fn with_store(self, folder: impl Into<PathBuf>) -> Self {
        Self { store: Some(folder.into()), ..self }
    }

    /// Names the environment variables that hold secrets; programs that are run do not inherit them.
    #[must_use]
    pub fn from_variables(self, names: impl IntoIterator<Item = String>) -> Self {
        Self { variables: names.into_iter().collect(), ..self }
    }

    /// Gives a secret, or replaces it.
    pub fn set(&self, name: SecretRef, secret: Secret) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, secret);
    }

    /// The secret, if it was given or is kept. What was given comes first, so that a person can correct what is kept.
    ///
    /// # Errors
    /// When a secret is kept and cannot be read.
    pub fn find(&self, name: &SecretRef) -> Result<Option<Secret>, Failure> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        match &self.store {
            #[cfg(windows)]
            Some(folder) if known.is_none() => crate::store::find(folder, name),
            _ => Ok(known),
        }
    }

    /// Takes a secret that was made here. It is durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written; then it is not known either, so that nothing is done with it.
    pub fn keep(&self, name: SecretRef, secret: Secret) -> Result<(), Failure> {
        #[cfg(windows)]
        if let Some(folder) = &self.store {
            crate::store::keep(folder, &name, &secret)?;
        }
        self.set(name, secret);
        Ok(())
    }

    /// The folder of the store.
    #[cfg(windows)]
    pub(crate) fn store(&self) -> Option<&std::path::Path> {
        self.store.as_deref()
    }

    /// Takes the variables that hold secrets out of the environment of a program that is about to run.
    #[cfg_attr(not(windows), allow(dead_code))]
    pub(crate) fn hide_from(&self, command: &mut Command) {
        for name in &self.variables {
            command.env_remove(name);
        }
    }
}

#[async_trait]
impl Secrets for SecretSources {
    async fn get(&self, name: &SecretRef) -> Answer<Option<Secret>> {
        let (sources, name) = (self.clone(), name.clone());
        blocking(move || sources.find(&name)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_do_not_inherit_the_variables_with_secrets() {
        let sources = SecretSources::new().from_variables(["SECRET".to_owned()]);
        let mut command = Command::new("x");
        sources.hide_from(&mut command);
        assert_eq!(command.get_envs().collect::<Vec<_>>(), [("SECRET".as_ref(), None)]);
    }
}
