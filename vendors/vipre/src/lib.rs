#![forbid(unsafe_code)]
//! VIPRE Email Security on Microsoft Exchange.
//!
//! Follows the vendor's article
//! <https://vipre.freshdesk.com/support/solutions/articles/1000070649-how-to-upgrade-vipre-email-security-for-exchange>.
//! The article names neither the service's short name nor the transport agents nor silent switches; the first two are
//! discovered on the server, the third is asked of the operator.

mod assess;
mod detect;
mod methods;
mod names;
mod plan;

pub use names::{DEFAULT_FOLDER, PLUGIN_MANAGER, SERVICE_PASSWORD, name_of};

use async_trait::async_trait;
use mailsec_core::{
    Failure,
    plan::Plan,
    product::{
        AccountChoice, BackupChoice, Description, FactQuery, Facts, Finding, Installation,
        MailSecurityProduct, Method, MethodRow, UpgradeRequest, checks, known_method,
    },
    values::{AccountName, Timestamp},
};

/// The product.
#[derive(Debug, Default)]
pub struct Vipre;

#[async_trait]
impl MailSecurityProduct for Vipre {
    fn describe(&self) -> Description {
        Description {
            key: "vipre",
            publisher: "VIPRE",
            names: &[names::OLD, names::NEW],
            article: names::ARTICLE,
            limits: &[
                "Custom rules are exported by a person: no source names a command for it.",
                "The installer runs attended unless the operator gives switches that were tested: no source names any.",
                "The role assignment ApplicationImpersonation of the service account is not checked.",
            ],
        }
    }

    fn methods(&self) -> &'static [MethodRow] {
        methods::TABLE
    }

    fn fits(&self, method: Method, _: &Installation, _: &Facts) -> Result<(), Failure> {
        known_method(methods::TABLE, method).map(|_| ())
    }

    fn accepts(&self, request: &UpgradeRequest) -> Result<(), Failure> {
        methods::accepts(request)
    }

    fn facts_wanted(&self, known: &Facts, request: &UpgradeRequest) -> Vec<FactQuery> {
        let mut wanted = checks::facts_wanted(request);
        if let BackupChoice::To(folder) = &request.backup {
            wanted.push(FactQuery::FreeSpace(folder.clone()));
        }
        if let AccountChoice::Use(account) | AccountChoice::Create { account, .. } = &request.account {
            wanted.push(FactQuery::Account(account.clone()));
        }
        if let Ok(Some(installation)) = detect::detect(known) {
            let settings = names::settings(&installation.folder);
            wanted.push(FactQuery::File(settings.clone()));
            wanted.push(FactQuery::Tree(settings));
            wanted.push(FactQuery::Programs(installation.folder.clone()));
            for agent in &installation.agents {
                wanted.push(FactQuery::File(agent.assembly.clone()));
            }
            if let Some(account) = service_account(&installation) {
                wanted.push(FactQuery::Account(account));
            }
        }
        wanted
    }

    fn detect(&self, facts: &Facts) -> Result<Option<Installation>, Failure> {
        detect::detect(facts)
    }

    fn assess(&self, installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding> {
        assess::assess(installation, facts, request)
    }

    fn plan(
        &self,
        installation: &Installation,
        facts: &Facts,
        request: &UpgradeRequest,
        made: Timestamp,
        engine: &str,
    ) -> Result<Plan, Failure> {
        plan::plan(installation, facts, request, made, engine)
    }
}

/// The account that the plug-in manager logs on with, when it is one of a domain.
fn service_account(installation: &Installation) -> Option<AccountName> {
    AccountName::parse(&detect::plugin_manager(installation)?.account).ok()
}
