//! What a vendor crate is: facts in, findings and a plan out. It holds no handle to the server.

mod captured;
pub mod checks;
mod draft;
mod facts;
mod finding;
mod method;
mod node;
mod request;

pub use captured::{Captured, CapturedFormat};
pub use draft::Draft;
pub use facts::{Fact, FactQuery, Facts, gather};
pub use finding::{Finding, Severity};
pub use method::{Method, MethodRow, foreign_option, known_method};
pub use node::node_facts;
pub use request::{AccountChoice, BackupChoice, InstallerChoice, RulesChoice, UpgradeRequest};

use crate::{
    failure::Failure,
    host::{Agent, Service},
    operations::Vendor,
    plan::Plan,
    values::{ServerPath, Timestamp, Version},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A product, described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Short key, as in `--product vipre`.
    pub key: &'static str,
    /// Who makes it.
    pub publisher: &'static str,
    /// Its names, oldest first.
    pub names: &'static [&'static str],
    /// The vendor's own article.
    pub article: &'static str,
    /// What this crate cannot do, in a sentence each.
    pub limits: &'static [&'static str],
}

/// What was found of a product on a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// The name that belongs to its version.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its folder.
    pub folder: ServerPath,
    /// How the folder was found, in words.
    pub folder_found: String,
    /// Its services.
    pub services: Vec<Service>,
    /// Its transport agents: those whose assembly lies under its folder.
    pub agents: Vec<Agent>,
    /// Its MSI product code, where it has one.
    pub product_code: Option<String>,
}

/// A plan and what was noticed while it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// What was noticed; none of them forbids the upgrade.
    pub findings: Vec<Finding>,
}

/// A mail-security product. Everything but [`MailSecurityProduct::gather`] is a pure function of facts, so plans can
/// be made from captured facts, replayed and tested without a server.
#[async_trait]
pub trait MailSecurityProduct: Send + Sync {
    /// What it is.
    fn describe(&self) -> Description;

    /// Its table of methods, the usual one first.
    fn methods(&self) -> &'static [MethodRow];

    /// Whether a method applies to this installation, as far as facts of one server tell.
    ///
    /// # Errors
    /// Why not, and which one does.
    fn fits(&self, method: Method, installation: &Installation, facts: &Facts) -> Result<(), Failure>;

    /// Refuses options that make no sense for this product.
    ///
    /// # Errors
    /// [`Code::BadArgument`](crate::Code::BadArgument), which names the option.
    fn accepts(&self, request: &UpgradeRequest) -> Result<(), Failure>;

    /// The facts that it wants next, given those that are known; asked again until nothing new is wanted.
    fn facts_wanted(&self, known: &Facts, request: &UpgradeRequest) -> Vec<FactQuery>;

    /// What is installed; `None` when the product is not there.
    ///
    /// # Errors
    /// When facts that it needs could not be read.
    fn detect(&self, facts: &Facts) -> Result<Option<Installation>, Failure>;

    /// What is wrong, or worth knowing, before an upgrade.
    fn assess(&self, installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding>;

    /// The steps.
    ///
    /// # Errors
    /// Why there can be no plan.
    fn plan(
        &self,
        installation: &Installation,
        facts: &Facts,
        request: &UpgradeRequest,
        made: Timestamp,
        engine: &str,
    ) -> Result<Plan, Failure>;

    /// Operations of its own, where the vocabulary does not reach.
    fn vendor(&self) -> Option<&dyn Vendor> {
        None
    }

    /// Asks the server for every fact that the product wants. Provided; a product overrides it only to ask something
    /// beside the server (a management console, say).
    ///
    /// # Errors
    /// Only when the server cannot be asked at all; a single fact that cannot be read is kept as such.
    async fn gather(&self, host: &dyn crate::host::Host, request: &UpgradeRequest) -> Result<Facts, Failure> {
        let mut facts = Facts::of(host.name());
        // A product that keeps inventing questions is cut off; ten rounds are far more than any needs.
        for _ in 0..10 {
            let wanted: Vec<FactQuery> =
                self.facts_wanted(&facts, request).into_iter().filter(|query| !facts.has(query)).collect();
            if wanted.is_empty() {
                break;
            }
            gather(host, &mut facts, wanted).await;
        }
        Ok(facts)
    }
}
