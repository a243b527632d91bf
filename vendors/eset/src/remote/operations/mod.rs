//! The operations of the remote method. They keep the rules of all operations, against the management server.

mod arguments;
mod create;
mod find;
mod follow;
mod prove;
mod task;

pub(super) use arguments::{CreateTask, FindDevices, FollowRuns, ProveVersion};

use super::Management;
use arguments::Call;
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    host::Answer,
    operations::{Context, Vendor},
    plan::{Observation, Outcome, Snapshot},
};
use std::{collections::BTreeMap, sync::Arc};

/// The operations of the remote method, on a management server.
pub struct Remote {
    management: Arc<dyn Management>,
}

impl Remote {
    /// On this server.
    #[must_use]
    pub fn new(management: Arc<dyn Management>) -> Self {
        Self { management }
    }

    fn server(&self) -> &dyn Management {
        self.management.as_ref()
    }
}

#[async_trait]
impl Vendor for Remote {
    async fn prepare(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        _ctx: &Context<'_>,
    ) -> Answer<Option<Snapshot>> {
        // Read before the intent, so that a plan of another version does not begin the step.
        Call::read(name, arguments).map(|_| None)
    }

    async fn observe(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Observation> {
        match Call::read(name, arguments)? {
            Call::CreateTask(call) => create::observe(self.server(), &call, ctx).await,
            // These only look, and are done again.
            Call::FindDevices(_) | Call::FollowRuns(_) | Call::ProveVersion(_) => {
                Ok(Observation::NotApplied { evidence: Vec::new() })
            }
        }
    }

    async fn apply(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        match Call::read(name, arguments)? {
            Call::FindDevices(call) => find::apply(self.server(), &call, ctx).await,
            Call::CreateTask(call) => create::apply(self.server(), &call, ctx, permit).await,
            Call::FollowRuns(call) => follow::apply(self.server(), &call, ctx).await,
            Call::ProveVersion(call) => prove::apply(self.server(), &call, ctx).await,
        }
    }

    async fn undo(
        &self,
        _name: &str,
        _arguments: &BTreeMap<String, String>,
        _ctx: &Context<'_>,
        _permit: &Permit,
    ) -> Answer<Outcome> {
        Ok(Outcome::same("what a task has done on a device is not taken back from here"))
    }
}

/// Names in a sentence.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Whether it is worth asking again, within the step's own time.
fn may_pass(failure: &Failure) -> bool {
    failure.remedy == mailsec_core::failure::Remedy::Retry
}
