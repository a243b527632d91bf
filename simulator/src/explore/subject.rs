//! What is explored: one plan for one server, and the person who is there.

use super::{Medium, Trial, trial::Products};
use crate::{
    SimHost, World,
    people::{Deed, Person, Secrets},
};
use mailsec_core::{
    Failure,
    host::PackageKind,
    plan::{Operation, UnscannedPolicy},
    product::{Finding, UpgradeRequest},
};

/// A plan for a server, run as often as wanted, each time from the beginning.
pub struct Subject {
    /// For people.
    pub name: String,
    /// What a person does when asked.
    pub deed: Deed,
    planned: Trial,
}

impl Subject {
    /// Surveys a world and plans.
    ///
    /// # Errors
    /// The findings that forbid it, or why there is no plan.
    pub fn plan(
        name: impl Into<String>,
        products: &Products,
        world: World,
        request: &UpgradeRequest,
        secrets: Secrets,
        deed: Deed,
    ) -> Result<Self, Vec<Finding>> {
        Ok(Self::of(name, Trial::plan(products, world, request, secrets)?, deed))
    }

    /// Of a trial that was not begun.
    #[must_use]
    pub fn of(name: impl Into<String>, planned: Trial, deed: Deed) -> Self {
        Self { name: name.into(), deed, planned }
    }

    /// With another journal.
    ///
    /// # Errors
    /// As [`Trial::kept_on`].
    pub fn kept_on(self, medium: Medium) -> Result<Self, Failure> {
        Ok(Self { planned: self.planned.kept_on(medium)?, ..self })
    }

    /// A fresh trial: the server and the journal as they were when the plan was made.
    #[must_use]
    pub fn trial(&self) -> Trial {
        self.planned.again()
    }

    /// The trial that every other one is a copy of.
    #[must_use]
    pub fn planned(&self) -> &Trial {
        &self.planned
    }

    /// The person at a server.
    #[must_use]
    pub fn person(&self, host: &SimHost) -> Person {
        Person::new(host, self.deed)
    }

    /// Whether no mail may pass unscanned.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.planned.plan.choices.unscanned == UnscannedPolicy::Hold
    }

    /// Whether its installer is a program of its own, without Windows Installer.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.planned.plan.steps.iter().any(|step| {
            matches!(&step.operation, Operation::RunInstaller { package, .. } if package.kind == PackageKind::Exe)
        })
    }
}
