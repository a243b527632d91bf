//! The steps, in the order of the vendor's article, with what the article leaves to luck made explicit.

mod prepare;
mod questions;
mod replace;

use crate::{detect::plugin_manager, names, service_account};
use mailsec_core::{
    Failure,
    failure::Code,
    host::ServiceName,
    plan::{ExpectedPackage, Naming, Plan, Step, Usual},
    product::{AccountChoice, Draft, FactQuery, Facts, Installation, RulesChoice, UpgradeRequest, checks},
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
    let to = checks::package_version(file)?;
    let product = vec![names::COMMON.to_owned()];
    let manager = plugin_manager(installation).ok_or_else(|| {
        Failure::new(Code::ServiceNotFound, "the product's service is not there")
            .expected(names::PLUGIN_MANAGER)
            .hint("repair the installation with the vendor's installer first")
    })?;
    let account = match &request.account {
        AccountChoice::Use(account) | AccountChoice::Create { account, .. } => account.clone(),
        AccountChoice::Keep | AccountChoice::Reset { .. } => {
            service_account(installation).ok_or_else(|| {
                Failure::new(Code::AccountForm, "the service's account is not of a domain")
                    .expected(r"DOMAIN\user")
                    .found(&*manager.account)
                    .hint(r"plan with --create-account DOMAIN\name or --account DOMAIN\name")
            })?
        }
    };
    let maker = Maker {
        installation,
        request,
        package: ExpectedPackage::of(file, &product, &to),
        manager: manager.name.clone(),
        account,
        password: password(&request.account, made),
        to: to.clone(),
        made,
        product,
    };
    let draft = Draft {
        product: "vipre",
        naming: Naming {
            before: names::name_of(&installation.version).to_owned(),
            after: names::name_of(&to).to_owned(),
        },
        to,
        made,
        engine: engine.to_owned(),
        left_out: maker.left_out(),
        steps: maker.steps(),
    };
    Ok(draft.plan(installation, facts, request))
}

/// Where the service account's password is. One that the program makes is kept on the server for as long as it is needed;
/// under a name of its own, so that a later upgrade does not take it for the one that it makes.
fn password(account: &AccountChoice, made: Timestamp) -> SecretRef {
    match account {
        AccountChoice::Create { generate: true, .. } | AccountChoice::Reset { generate: true } => {
            SecretRef::new(format!("{}-{}", names::SERVICE_PASSWORD, made.compact()))
        }
        _ => SecretRef::new(names::SERVICE_PASSWORD),
    }
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
    product: Vec<String>,
}

impl Maker<'_> {
    fn usual(&self) -> Usual<'_> {
        Usual {
            folder: &self.installation.folder,
            located: None,
            product: &self.product,
            unscanned: self.request.unscanned,
            prove: self.request.prove_scanning,
        }
    }

    fn left_out(&self) -> Vec<(String, String)> {
        match &self.request.rules {
            RulesChoice::Skip(why) => vec![("export-rules".to_owned(), why.clone())],
            _ => Vec::new(),
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = self.survey();
        steps.extend(self.back_up());
        steps.extend(self.prepare());
        steps.extend(self.detach());
        steps.extend(self.replace());
        steps.extend(self.usual().attach());
        steps.extend(self.usual().verify(&self.to));
        steps
    }
}
