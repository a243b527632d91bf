//! The operations: each with what it saves before, how its effect is observed, how it is applied and undone, against
//! the ports. One file per family.
//!
//! The rules that every operation keeps, because a crash can fall between any two lines:
//! - `apply` may be called when a part of its effect is there already, and completes it;
//! - `undo` works from the state that was saved with the first intent, and may be called twice;
//! - `observe` changes nothing, and says *unknown* rather than guess.

pub mod account;
mod agents;
mod backup;
mod context;
mod export;
mod hold;
mod mail;
mod nodes;
mod package;
mod program;
mod proof;
mod readiness;
mod service;
mod succession;
mod uninstall;
mod vendor;

pub use context::{Context, MailNote, Vendor, unsupported};
pub use export::is_before;
pub use mail::measure;
pub use readiness::await_ready;
pub(crate) use vendor::question;

use crate::{
    Permit,
    host::Answer,
    plan::{Observation, Operation, Outcome, Snapshot},
};
use async_trait::async_trait;

/// What the engine calls, in this order: prepare, (intent durable), apply; after a crash observe; on the way back undo.
#[async_trait]
pub trait Operate: Send + Sync {
    /// Reads the state before the step, to be journaled with the intent.
    async fn prepare(&self, _ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(None)
    }

    /// Says what is there of the effect.
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation>;

    /// Brings the effect about and verifies it.
    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome>;

    /// Where the effect goes on elsewhere once it is applied: what came of it; `None` while it goes on.
    async fn follow(&self, _ctx: &Context<'_>) -> Answer<Option<Outcome>> {
        Ok(Some(Outcome::default()))
    }

    /// Takes the effect back.
    async fn undo(&self, _ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        Ok(Outcome::same("nothing to take back"))
    }
}

/// The implementation of an operation.
#[must_use]
pub fn operate(operation: &Operation) -> Box<dyn Operate + '_> {
    match operation {
        Operation::AwaitReady { services } => Box::new(readiness::AwaitReady { services }),
        Operation::CheckPackage { package } => Box::new(package::CheckPackage { package }),
        Operation::RunInstaller { package, mode, log, product } => {
            Box::new(package::RunInstaller { package, mode, log, product })
        }
        Operation::Uninstall { product_code, product, secrets, log } => {
            Box::new(uninstall::Uninstall { product_code, product, secrets, log })
        }
        Operation::VerifyVersion { product, version } => {
            Box::new(package::VerifyVersion { product, version })
        }
        Operation::ReadServiceAccount { service } => Box::new(account::ReadServiceAccount { service }),
        Operation::VerifyServiceAccount { service, account } => {
            Box::new(account::VerifyServiceAccount { service, account })
        }
        Operation::CheckAccount { account } => Box::new(account::CheckAccount { account }),
        Operation::CreateAccount { account, password, generate } => {
            Box::new(account::CreateAccount { account, password, generate: *generate })
        }
        Operation::ResetPassword { account, password, generate } => {
            Box::new(account::ResetPassword { account, password, generate: *generate })
        }
        Operation::ProveCredentials { account, password } => {
            Box::new(account::ProveCredentials { account, password })
        }
        Operation::SetServiceLogOn { service, account, password } => {
            Box::new(service::SetLogOn { service, account, password })
        }
        Operation::StopService { service } => Box::new(service::Stop { service }),
        Operation::StartService { service } => Box::new(service::Start { service }),
        Operation::RestartService { service } => Box::new(service::Restart { service }),
        Operation::BackUpTree { source, target } => Box::new(backup::BackUpTree { source, target }),
        Operation::CollectExport { file, .. } => Box::new(export::CollectExport { file }),
        Operation::Gate { .. } => Box::new(export::Confirmed),
        Operation::SnapshotAgents { folder } => Box::new(agents::SnapshotAgents { folder }),
        Operation::UnregisterAgents { snapshot } => Box::new(agents::Unregister { snapshot }),
        Operation::RegisterAgents { snapshot, folder, located } => {
            Box::new(agents::Register { snapshot, folder, located: located.as_ref() })
        }
        Operation::VerifyAgents { snapshot } => Box::new(agents::Verify { snapshot }),
        Operation::HoldMail { service } => Box::new(hold::Hold { service }),
        Operation::ReleaseMail { service, hold } => Box::new(hold::Release { service, hold }),
        Operation::CloseProgram { folder } => Box::new(program::CloseProgram { folder }),
        Operation::ProbeMail => Box::new(mail::Probe),
        Operation::ProveScanning => Box::new(proof::ProveScanning),
        Operation::UpgradeNode { order, version, .. } => Box::new(nodes::UpgradeNode { order, version }),
        Operation::CheckCluster { nodes } => Box::new(nodes::CheckCluster { nodes }),
        Operation::Vendor { name, arguments, .. } => Box::new(vendor::VendorOperation { name, arguments }),
        // The driver handles a restart itself: it ends the process that would wait for it.
        Operation::Restart { .. } => Box::new(export::Confirmed),
    }
}
