#![forbid(unsafe_code)]
//! ESET Mail Security for Microsoft Exchange Server.
//!
//! Follows the vendor's pages on upgrading, which are named in the table of methods. They name neither the transport
//! agent nor the folder nor the tool's exit codes: the first two are found on the server, and what the tool did is
//! proven by another export.

mod assess;
mod detect;
mod methods;
mod names;
mod operations;
mod plan;
pub mod remote;
pub mod settings;

pub use names::{NAME, SETTINGS_PASSWORD};

use async_trait::async_trait;
use mailsec_core::{
    Failure,
    operations::Vendor,
    plan::Plan,
    product::{
        BackupChoice, Description, FactQuery, Facts, Finding, Installation, MailSecurityProduct, Method,
        MethodRow, UpgradeRequest, checks,
    },
    values::Timestamp,
};

/// The product.
#[derive(Debug, Default)]
pub struct Eset;

#[async_trait]
impl MailSecurityProduct for Eset {
    fn describe(&self) -> Description {
        Description {
            key: plan::KEY,
            publisher: "ESET",
            names: &[names::NAME],
            article: names::ARTICLE,
            limits: &[
                "Whether ESET CMD is enabled, and whether a password protects the settings, is seen in the product only.",
                "Before there is ecmd.exe a person exports the settings.",
                "Rules of 4.x are listed and asked for again: they cannot be migrated.",
            ],
        }
    }

    fn methods(&self) -> &'static [MethodRow] {
        methods::TABLE
    }

    fn fits(&self, method: Method, installation: &Installation, facts: &Facts) -> Result<(), Failure> {
        methods::fits(method, installation, facts)
    }

    fn accepts(&self, request: &UpgradeRequest) -> Result<(), Failure> {
        methods::accepts(request)
    }

    fn facts_wanted(&self, known: &Facts, request: &UpgradeRequest) -> Vec<FactQuery> {
        let mut wanted = checks::facts_wanted(request);
        wanted.extend(detect::facts_wanted());
        if let BackupChoice::To(folder) = &request.backup {
            wanted.push(FactQuery::FreeSpace(folder.clone()));
        }
        if let Ok(Some(installation)) = detect::detect(known) {
            wanted.push(FactQuery::File(installation.folder.join(names::TOOL)));
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
