//! The plans that are interrupted everywhere: tables of names.

pub mod eset;
pub mod vipre;

use crate::{
    World,
    explore::{Products, Subject},
    people::{Deed, Secrets},
};
use mailsec_core::product::{Finding, UpgradeRequest};

/// One way to upgrade: a world, a request, what is known of passwords, and what a person does when asked.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is survived.
    pub name: &'static str,
    world: fn() -> World,
    usual: fn() -> UpgradeRequest,
    request: fn(&mut UpgradeRequest),
    secrets: fn() -> Secrets,
    /// What a person does when asked.
    pub deed: Deed,
}

impl Case {
    /// The server.
    #[must_use]
    pub fn world(&self) -> World {
        (self.world)()
    }

    /// What is asked of the upgrade.
    #[must_use]
    pub fn wanted(&self) -> UpgradeRequest {
        let mut wanted = (self.usual)();
        (self.request)(&mut wanted);
        wanted
    }

    /// The passwords that are known.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        (self.secrets)()
    }

    /// Plans it.
    ///
    /// # Errors
    /// The findings that forbid it.
    pub fn subject(&self, products: &Products) -> Result<Subject, Vec<Finding>> {
        Subject::plan(self.name, products, self.world(), &self.wanted(), self.secrets(), self.deed)
    }
}

/// Every plan, of every product.
pub fn all() -> impl Iterator<Item = &'static Case> {
    vipre::ALL.iter().chain(eset::ALL)
}

/// A plan by its name.
#[must_use]
pub fn case(name: &str) -> Option<Case> {
    all().find(|case| case.name == name).copied()
}
