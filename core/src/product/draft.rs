//! What all products' plans have beside their steps.

use super::{Installation, UpgradeRequest};
use crate::{
    host::{PackageFile, Signature},
    plan::{Choices, ExpectedPackage, Limits, MailBudget, Naming, Plan, PlanFormat, Step},
    product::{BackupChoice, Facts},
    values::{Timestamp, Version},
};

/// What a vendor's crate adds.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The product's short key.
    pub product: &'static str,
    /// Its name before and after.
    pub naming: Naming,
    /// The version planned.
    pub to: Version,
    /// When it is made.
    pub made: Timestamp,
    /// Version of the program that makes it.
    pub engine: String,
    /// Steps left out on purpose, beside the backup and the signature, each with the operator's reason.
    pub left_out: Vec<(String, String)>,
    /// What is to be done.
    pub steps: Vec<Step>,
}

impl Draft {
    /// The plan.
    #[must_use]
    pub fn plan(self, installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Plan {
        let mut left_out = self.left_out;
        if let BackupChoice::Skip(why) = &request.backup {
            left_out.insert(0, ("back-up".to_owned(), why.clone()));
        }
        if let Some(why) = &request.unsigned {
            left_out.push(("signature".to_owned(), why.clone()));
        }
        let mut plan = Plan {
            format: PlanFormat::CURRENT,
            server: facts.server.clone(),
            product: self.product.to_owned(),
            naming: self.naming,
            from: installation.version.clone(),
            to: self.to,
            made: self.made,
            engine: self.engine,
            facts: facts.digest(),
            choices: Choices { unscanned: request.unscanned, left_out },
            budget: MailBudget { stopped_secs: u64::MAX, unscanned_secs: u64::MAX },
            limits: Limits::default(),
            scanners: installation
                .agents
                .iter()
                .filter(|agent| agent.enabled)
                .map(|agent| agent.id.clone())
                .collect(),
            role: request.role,
            steps: self.steps,
        };
        plan.budget = request.budget.unwrap_or_else(|| budget(&plan));
        plan
    }
}

/// Three times what the steps typically take, and ten minutes.
fn budget(plan: &Plan) -> MailBudget {
    let (stopped, unscanned) = plan.typical_mail();
    let room = |secs: u64| if secs == 0 { 0 } else { secs * 3 + 600 };
    MailBudget { stopped_secs: room(stopped), unscanned_secs: room(unscanned) }
}

impl ExpectedPackage {
    /// The installer as it was looked at: the plan holds it to its digest, and to its signer where it has one.
    #[must_use]
    pub fn of(file: &PackageFile, product: &[String], version: &Version) -> Self {
        Self {
            path: file.path.clone(),
            kind: file.kind,
            product: product.to_vec(),
            version: version.clone(),
            digest: file.digest,
            signer: match &file.signature {
                Signature::Valid(by) => Some(by.clone()),
                _ => None,
            },
        }
    }
}
