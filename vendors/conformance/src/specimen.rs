//! A sample upgrade that a vendor hands in.

use mailsec_core::{
    product::UpgradeRequest,
    values::{Secret, SecretRef},
};
use mailsec_simulator::{
    World,
    cases::Case,
    people::{Deed, Secrets, stand_in},
};

/// A server, what is wanted there, the passwords that are known, and the person who answers gates.
#[derive(Clone)]
pub struct Specimen {
    pub(crate) name: String,
    pub(crate) world: World,
    pub(crate) request: UpgradeRequest,
    pub(crate) secrets: Secrets,
    pub(crate) deed: Deed,
}

impl Specimen {
    /// With nobody's password known, and a person who does what gates ask ([`stand_in`]).
    #[must_use]
    pub fn new(name: impl Into<String>, world: World, request: UpgradeRequest) -> Self {
        Self { name: name.into(), world, request, secrets: Secrets::new(), deed: stand_in }
    }

    /// With a password, under the name that plans use.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.insert(SecretRef::new(name), Secret::new(value));
        self
    }

    /// With another person. `None` leaves a gate open.
    #[must_use]
    pub fn person(mut self, deed: Deed) -> Self {
        self.deed = deed;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<&Case> for Specimen {
    fn from(case: &Case) -> Self {
        Self {
            name: case.name.to_owned(),
            world: case.world(),
            request: case.wanted(),
            secrets: case.secrets(),
            deed: case.deed,
        }
    }
}
