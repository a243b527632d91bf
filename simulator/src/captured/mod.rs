//! A simulated server built from captured facts: the one on which an operator's own plan is rehearsed.
//!
//! What the facts do not tell is assumed, and said in words: a rehearsal is worth what its reader knows of it.

mod accounts;
mod eset;
mod files;
mod installer;
mod secrets;
mod server;

use crate::{World, people::Secrets, worlds::exchange};
use mailsec_core::{
    Code, Failure,
    host::{PackageFile, ServiceName},
    plan::{ExpectedPackage, InstallerMode, Operation, Plan},
    product::{Captured, FactQuery, Facts, Installation, MailSecurityProduct},
    values::AccountName,
};

/// A server built from facts.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// The server.
    pub world: World,
    /// Passwords, made up, for every secret that the plan asks for.
    pub secrets: Secrets,
    /// What is assumed because no fact tells, a sentence each.
    pub assumptions: Vec<String>,
}

/// Builds the server for which a plan was made.
///
/// # Errors
/// [`Code::FactsUnfit`] when the facts are of another server, product or version, or leave out what no server can be
/// built without; [`Code::MethodUnfit`] for a plan that acts elsewhere.
pub fn rebuild(
    product: &dyn MailSecurityProduct,
    captured: &Captured,
    plan: &Plan,
) -> Result<Rebuilt, Failure> {
    let installation = fitting(product, captured, plan)?;
    let mut building = Building {
        world: exchange::mailbox_server(),
        facts: &captured.facts,
        plan,
        installation: &installation,
        assumptions: Vec::new(),
    };
    if captured.digest() != plan.facts {
        building.assume(format!(
            "the plan was made from other facts than these, which were taken at {}; what differs is not rehearsed",
            captured.taken
        ));
    }
    let now = captured.taken.max(plan.made);
    building.world.now = now;
    building.world.born = now;
    building.world.mail.next_ms = now.millis() + building.world.mail.interval_ms;
    building.server()?;
    building.accounts();
    building.files();
    building.installer();
    let secrets = building.secrets();
    building.free_space();
    building
        .assume("services, installers and restarts take as long as in the simulator, not as on this server");
    building.assume("a message arrives every 2 seconds");
    let Building { world, assumptions, .. } = building;
    Ok(Rebuilt { world, secrets, assumptions })
}

/// Whether a plan acts on the server that it was made for, and so can be rehearsed.
///
/// # Errors
/// [`Code::MethodUnfit`].
pub fn rehearsable(plan: &Plan) -> Result<(), Failure> {
    if plan.is_elsewhere() {
        return Err(Failure::new(Code::MethodUnfit, "this plan acts on other machines, which no fact shows")
            .expected("a plan for one server, made there by `mailsec plan`")
            .hint("a cluster's nodes are rehearsed one by one, each with its own plan"));
    }
    Ok(())
}

/// The installation that the facts show, where they are of the plan's own server.
fn fitting(
    product: &dyn MailSecurityProduct,
    captured: &Captured,
    plan: &Plan,
) -> Result<Installation, Failure> {
    rehearsable(plan)?;
    let other = |what: &str, expected: &str, found: &str| {
        Err(Failure::new(Code::FactsUnfit, format!("these are facts of another {what}"))
            .expected(expected)
            .found(found)
            .hint("rehearse the plan with the facts of its own server"))
    };
    if captured.product != plan.product {
        return other("product", &plan.product, &captured.product);
    }
    if captured.facts.server != plan.server {
        return other("server", &plan.server, &captured.facts.server);
    }
    let unfit = |failure: Failure| {
        Failure::new(Code::FactsUnfit, "the facts do not tell what is installed").cause(failure)
    };
    match product.detect(&captured.facts).map_err(unfit)? {
        Some(installation) if installation.version == plan.from => Ok(installation),
        Some(found) => other("version", &plan.from.to_string(), &found.version.to_string()),
        None => other("state of the server", &plan.naming.before, "no such product"),
    }
}

/// A world on its way from facts.
struct Building<'a> {
    world: World,
    facts: &'a Facts,
    plan: &'a Plan,
    installation: &'a Installation,
    assumptions: Vec<String>,
}

impl<'a> Building<'a> {
    /// Keeps an assumption, once.
    fn assume(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.assumptions.contains(&what) {
            self.assumptions.push(what);
        }
    }

    fn is_eset(&self) -> bool {
        self.plan.product == "eset"
    }

    /// The plan's step that installs: which package, and how.
    fn installs(&self) -> Option<(&'a ExpectedPackage, &'a InstallerMode)> {
        self.plan.steps.iter().find_map(|step| match &step.operation {
            Operation::RunInstaller { package, mode, .. } => Some((package, mode)),
            _ => None,
        })
    }

    /// The installer file, where it was looked at.
    fn package(&self) -> Option<&'a PackageFile> {
        let (expected, _) = self.installs()?;
        self.facts.package(&FactQuery::Package(expected.path.clone())).ok()
    }

    /// The account with which the plan wants a service to run in the end.
    fn planned_account(&self) -> Option<(&'a ServiceName, &'a AccountName)> {
        self.plan.steps.iter().find_map(|step| match &step.operation {
            Operation::VerifyServiceAccount { service, account } => Some((service, account)),
            _ => None,
        })
    }
}
