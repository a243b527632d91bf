//! Unregistering them.

use super::{compare::differences, counted, find, line, recorded, restore::restore};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Agent, Answer, ServiceName},
    operations::{Context, Operate, service},
    plan::{Evidence, Observation, Outcome, Snapshot},
    planted::planted,
    values::StepId,
};
use async_trait::async_trait;

pub(in crate::operations) struct Unregister<'a> {
    pub(in crate::operations) snapshot: &'a StepId,
}

#[async_trait]
impl Operate for Unregister<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        // A transport that starts after this moment may load what this step leaves.
        Ok(Some(service::snapshot(&ctx.service(&ServiceName::transport()).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let (own, order) = recorded(ctx, self.snapshot)?;
        let now = ctx.host.transport().agents().await?;
        let left: Vec<&Agent> = own.iter().filter_map(|agent| find(&now, &agent.id)).collect();
        let evidence: Vec<Evidence> = left.iter().map(|agent| line(agent)).collect();
        Ok(if left.is_empty() {
            Observation::Applied(Outcome::changed("the agents are unregistered"))
        } else if left.len() == own.len()
            && differences(own, order, &now).is_empty()
            && !service::must_start(ctx.before(), &ctx.service(&ServiceName::transport()).await?)
        {
            Observation::NotApplied { evidence }
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let (own, _) = recorded(ctx, self.snapshot)?;
        let transport = ctx.host.transport();
        let now = transport.agents().await?;
        let mut removed = Vec::new();
        for agent in own.iter().filter(|agent| find(&now, &agent.id).is_some()) {
            transport.uninstall(permit, &agent.id).await?;
            removed.push(Evidence::new(format!("agent {}", agent.id), "unregistered"));
        }
        let now = transport.agents().await?;
        if let Some(left) = own.iter().find(|agent| find(&now, &agent.id).is_some()) {
            return Err(Failure::new(Code::AgentsDiffer, "an agent is still registered")
                .expected(format!("{} unregistered", left.id))
                .found("it is in agents.config")
                .retry());
        }
        let text = format!("{} unregistered", counted(removed.len()));
        Ok(if removed.is_empty() { Outcome::same(text) } else { Outcome::changed(text) }.shown(removed))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let (own, order) = recorded(ctx, self.snapshot)?;
        let own = if planted!(OneAgentForgotten) { &own[..own.len().min(1)] } else { own };
        let shown = restore(ctx, permit, own, order, None).await?;
        let transport = ServiceName::transport();
        if !service::must_start(ctx.before(), &ctx.service(&transport).await?) {
            return Ok(Outcome::changed("the agents are registered as they were").shown(shown));
        }
        let started = service::restart(ctx, permit, &transport).await?;
        let text = "the agents are registered as they were, and transport was restarted to load them";
        Ok(Outcome::changed(text).shown(shown).shown(started))
    }
}
