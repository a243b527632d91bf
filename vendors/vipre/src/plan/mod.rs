//! The steps, in the order of the vendor's article, with what the article leaves to luck made explicit.

mod prepare;
mod questions;
mod replace;
mod step;

use crate::{assess, detect::plugin_manager, names, service_account};
use mailsec_core::{
    Failure,
    failure::Code,
    host::{ServiceName, Signature},
    plan::{Choices, ExpectedPackage, Limits, MailBudget, Naming, Plan, PlanFormat, Step},
    product::{AccountChoice, BackupChoice, FactQuery, Facts, Installation, RulesChoice, UpgradeRequest},
    values::{AccountName, SecretRef, Timestamp, Version},
};

pub(crate) fn plan(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    made: Timestamp,
    engine: &str,
) -> Result<Plan, Failure> {
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let to = assess::version(file.version.as_deref())?;
    let manager = plugin_manager(installation).ok_or_else(|| {
        Failure::new(Code::ServiceNotFound, "the product's service is not there")
            .expected(names::PLUGIN_MANAGER)
    })?;
    let account = match &request.account {
        AccountChoice::Use(account) | AccountChoice::Create { account, .. } => account.clone(),
        AccountChoice::Keep | AccountChoice::Reset { .. } => {
            service_account(installation).ok_or_else(|| {
                Failure::new(Code::AccountForm, "the service's account is not of a domain")
                    .expected(r"DOMAIN\user")
                    .found(&manager.account)
            })?
        }
    };
    let maker = Maker {
        installation,
        request,
        package: ExpectedPackage {
            path: request.installer.clone(),
            kind: file.kind,
            product: vec![names::COMMON.to_owned()],
            version: to.clone(),
            digest: file.digest,
            signer: match &file.signature {
                Signature::Valid(by) => Some(by.clone()),
                _ => None,
            },
        },
        manager: manager.name.clone(),
        account,
        password: SecretRef::new(names::SERVICE_PASSWORD),
        to: to.clone(),
        made,
    };
    let mut plan = Plan {
        format: PlanFormat::CURRENT,
        server: facts.server.clone(),
        product: "vipre".to_owned(),
        naming: Naming {
            before: names::name_of(&installation.version).to_owned(),
            after: names::name_of(&to).to_owned(),
        },
        from: installation.version.clone(),
        to,
        made,
        engine: engine.to_owned(),
        facts: facts.digest(),
        choices: Choices { unscanned: request.unscanned, left_out: maker.left_out() },
        budget: MailBudget { stopped_secs: u64::MAX, unscanned_secs: u64::MAX },
        limits: Limits::default(),
        scanners: installation
            .agents
            .iter()
            .filter(|agent| agent.enabled)
            .map(|agent| agent.id.clone())
            .collect(),
        steps: maker.steps(),
    };
    plan.budget = request.budget.unwrap_or_else(|| budget(&plan));
    Ok(plan)
}

/// Three times what the steps typically take, and ten minutes.
fn budget(plan: &Plan) -> MailBudget {
    let (stopped, unscanned) = plan.typical_mail();
    let room = |secs: u64| if secs == 0 { 0 } else { secs * 3 + 600 };
    MailBudget { stopped_secs: room(stopped), unscanned_secs: room(unscanned) }
}

struct Maker<'a> {
    installation: &'a Installation,
    request: &'a UpgradeRequest,
    package: ExpectedPackage,
    manager: ServiceName,
    account: AccountName,
    password: SecretRef,
    to: Version,
    made: Timestamp,
}

impl Maker<'_> {
    fn left_out(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if let BackupChoice::Skip(why) = &self.request.backup {
            out.push(("back-up".to_owned(), why.clone()));
        }
        if let RulesChoice::Skip(why) = &self.request.rules {
            out.push(("export-rules".to_owned(), why.clone()));
        }
        if let Some(why) = &self.request.unsigned {
            out.push(("signature".to_owned(), why.clone()));
        }
        out
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = self.survey();
        steps.extend(self.back_up());
        steps.extend(self.prepare());
        steps.extend(self.detach());
        steps.extend(self.replace());
        steps.extend(self.attach());
        steps.extend(self.verify());
        steps
    }
}
