//! Verifying them.

use super::{compare::differences, find, line, recorded};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, ServiceName},
    operations::{Context, Operate, service},
    plan::{Observation, Outcome},
    values::StepId,
};
use async_trait::async_trait;

pub(in crate::operations) struct Verify<'a> {
    pub(in crate::operations) snapshot: &'a StepId,
}

#[async_trait]
impl Operate for Verify<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let (own, order) = recorded(ctx, self.snapshot)?;
        let now = ctx.host.transport().agents().await?;
        let wrong = differences(own, order, &now);
        if !wrong.is_empty() {
            return Err(Failure::new(Code::AgentsDiffer, "the agents are not as they were")
                .expected("the agents of the snapshot: enabled flag, order, scope")
                .found(wrong.join("; "))
                .ask());
        }
        for agent in own.iter().filter_map(|agent| find(&now, &agent.id)) {
            if ctx.host.files().stat(&agent.assembly).await?.is_none() {
                return Err(Failure::new(Code::AssemblyMissing, "an agent's assembly is not there")
                    .expected(agent.assembly.as_str())
                    .ask());
            }
        }
        let transport = ctx.service(&ServiceName::transport()).await?;
        if let (Some(started), Some(changed)) = (transport.started, ctx.state.agents_changed)
            && started < changed
        {
            return Err(Failure::new(Code::AgentsDiffer, "transport has not loaded the agents yet")
                .expected(format!("a start after {changed}"))
                .found(format!("running since {started}"))
                .hint("restart Microsoft Exchange Transport, then answer retry")
                .ask());
        }
        Ok(Outcome::same("the agents are as they were, and loaded")
            .shown(own.iter().filter_map(|agent| find(&now, &agent.id)).map(line))
            .shown([service::evidence(&transport)]))
    }
}
