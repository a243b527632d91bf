//! Secrets: passed by reference, held only where they are used, never printed and never serialised.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Names a secret in plans and events; its value, which the secrets port gives, is never written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SecretRef(Arc<str>);

impl SecretRef {
    /// A name such as `service-account-password`.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A secret's value: zeroed when dropped, `Debug` shows nothing, and it has no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn a_panic_that_shows_what_holds_a_secret_shows_no_secret() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "shown by Debug")]
        struct Holds(Option<Secret>, Vec<(SecretRef, Secret)>);
        let panic = catch_unwind(|| {
            let secret = Secret::new("In-A-Panic-91");
            let holds = Holds(Some(secret.clone()), vec![(SecretRef::new("name"), secret)]);
            panic!("it fails with {holds:?}");
        });
        let payload = panic.unwrap_err();
        let text = payload.downcast_ref::<String>().unwrap();
        assert!(text.contains("Secret(hidden)") && !text.contains("In-A-Panic"), "{text}");
    }
}
