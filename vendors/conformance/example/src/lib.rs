#![forbid(unsafe_code)]
//! An example of a vendor's crate, step by step in `docs/contributing/add-a-vendor.md`. The product does not exist.

mod assess;
mod detect;
mod methods;
mod names;
mod operations;
mod plan;

use async_trait::async_trait;
use mailsec_core::{
    Failure,
    operations::Vendor,
    plan::Plan,
    product::{
        BackupChoice, Description, FactQuery, Facts, Finding, Installation, MailSecurityProduct, Method,
        MethodRow, UpgradeRequest, checks, known_method,
    },
    values::Timestamp,
};

/// The product.
#[derive(Debug, Default)]
pub struct SampleGuard;

#[async_trait]
impl MailSecurityProduct for SampleGuard {
    fn describe(&self) -> Description {
        Description {
            key: names::KEY,
            publisher: "Sample Publisher",
            names: &[names::NAME],
            article: names::ARTICLE,
            limits: &["It is an example: there is no such product."],
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
        if let Ok(Some(installation)) = detect::detect(known) {
            wanted.push(FactQuery::Tree(installation.folder.join(names::SETTINGS)));
            wanted.extend(installation.agents.iter().map(|agent| FactQuery::File(agent.assembly.clone())));
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

    fn vendor(&self) -> Option<&dyn Vendor> {
        Some(&operations::Operations)
    }
}
