//! The plans that are interrupted everywhere: tables of names.

pub mod eset;
pub mod vipre;

use crate::{Person, Rig, Secrets, person::Deed};
use mailsec_core::{
    plan::UnscannedPolicy,
    product::{Finding, UpgradeRequest},
};
use mailsec_simulator::{SimHost, World, worlds::installers};

/// One way to upgrade: a world, a request, what is known of passwords, and what a person does when asked.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is survived.
    pub name: &'static str,
    world: fn() -> World,
    usual: fn() -> UpgradeRequest,
    request: fn(&mut UpgradeRequest),
    secrets: fn() -> Secrets,
    deed: Deed,
}

impl Case {
    /// A fresh rig, planned and journaled.
    ///
    /// # Errors
    /// The findings that forbid it.
    pub fn rig(&self) -> Result<Rig, Vec<Finding>> {
        Rig::plan_with((self.world)(), &self.wanted(), (self.secrets)())
    }

    fn wanted(&self) -> UpgradeRequest {
        let mut wanted = (self.usual)();
        (self.request)(&mut wanted);
        wanted
    }

    /// The person at the server.
    #[must_use]
    pub fn person(&self, host: &SimHost) -> Person {
        Person::new(host, self.deed)
    }

    /// Whether its installer is a program of its own, without Windows Installer.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.wanted().installer.as_str() == installers::RIGHT_EXE
    }

    /// Whether no mail may pass unscanned.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.wanted().unscanned == UnscannedPolicy::Hold
    }
}

/// A plan by its name.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn case(name: &str) -> Case {
    vipre::ALL
        .iter()
        .chain(eset::ALL)
        .find(|case| case.name == name)
        .copied()
        .unwrap_or_else(|| panic!("no case {name:?}"))
}
