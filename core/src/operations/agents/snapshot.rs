//! Recording them.

use super::{counted, find, line};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Agent, Answer},
    operations::{Context, Operate},
    plan::{Observation, Outcome, Snapshot},
    values::ServerPath,
};
use async_trait::async_trait;

pub(in crate::operations) struct SnapshotAgents<'a> {
    pub(in crate::operations) folder: &'a ServerPath,
}

#[async_trait]
impl Operate for SnapshotAgents<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let all = ctx.host.transport().agents().await?;
        let agents: Vec<Agent> =
            all.iter().filter(|agent| agent.assembly.is_under(self.folder)).cloned().collect();
        let scanners = ctx.state.plan.as_ref().map_or(&[][..], |plan| &plan.scanners);
        if let Some(gone) = scanners.iter().find(|id| find(&agents, id).is_none()) {
            return Err(Failure::new(
                Code::AgentsDiffer,
                "the agents are not those that the plan was made for",
            )
            .expected(format!("the agent {gone}"))
            .found(agents.iter().map(|agent| agent.id.to_string()).collect::<Vec<_>>().join(", "))
            .hint("make the plan again"));
        }
        let order: Vec<Agent> =
            all.into_iter().filter(|one| agents.iter().any(|own| own.id.service == one.id.service)).collect();
        Ok(Outcome::same(format!("{} recorded", counted(agents.len())))
            .shown(agents.iter().map(line))
            .output(Snapshot::Agents { agents, order }))
    }
}
