//! Registering them again, or those that an installer registered in their place.

use super::{compare::differences, counted, find, line, recorded, restore::restore};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Agent, Answer},
    operations::{
        Context, Operate,
        succession::{Heirs, heirs},
    },
    plan::{Evidence, Observation, Outcome, Snapshot},
    values::{ServerPath, StepId},
};
use async_trait::async_trait;

pub(in crate::operations) struct Register<'a> {
    pub(in crate::operations) snapshot: &'a StepId,
    pub(in crate::operations) folder: &'a ServerPath,
    pub(in crate::operations) located: Option<&'a StepId>,
}

impl Register<'_> {
    /// The product's folder as it is now.
    fn folder(&self, ctx: &Context<'_>) -> Answer<ServerPath> {
        let Some(step) = self.located else { return Ok(self.folder.clone()) };
        match ctx.output(step)? {
            Snapshot::Vendor { values, .. } if values.contains_key("folder") => {
                Ok(ServerPath::new(values.get("folder").cloned().unwrap_or_default()))
            }
            _ => Err(Failure::new(Code::PlanLint, format!("the step {step} found no folder"))),
        }
    }
}

#[async_trait]
impl Operate for Register<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        let (own, _) = recorded(ctx, self.snapshot)?;
        let order = ctx.host.transport().agents().await?;
        let agents = own.iter().filter_map(|agent| find(&order, &agent.id)).cloned().collect();
        Ok(Some(Snapshot::Agents { agents, order }))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let (own, order) = recorded(ctx, self.snapshot)?;
        let Heirs { own, order } = heirs(ctx, own, order, &self.folder(ctx)?).await?;
        let now = ctx.host.transport().agents().await?;
        let present: Vec<&Agent> = own.iter().filter_map(|agent| find(&now, &agent.id)).collect();
        let evidence: Vec<Evidence> = present.iter().map(|agent| line(agent)).collect();
        Ok(if differences(&own, &order, &now).is_empty() {
            Observation::Applied(
                Outcome::changed("the agents are registered")
                    .shown(evidence)
                    .output(Snapshot::Agents { agents: own, order }),
            )
        } else if present.is_empty() {
            Observation::NotApplied { evidence }
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let (own, order) = recorded(ctx, self.snapshot)?;
        let Heirs { own, order } = heirs(ctx, own, order, &self.folder(ctx)?).await?;
        let shown = restore(ctx, permit, &own, &order, Some(&self.folder(ctx)?)).await?;
        Ok(Outcome::changed(format!("{} registered", counted(own.len())))
            .shown(shown)
            .output(Snapshot::Agents { agents: own, order }))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let before: &[Agent] = match ctx.before() {
            Some(Snapshot::Agents { agents, .. }) => agents,
            _ => &[],
        };
        let (own, _) = recorded(ctx, self.snapshot)?;
        let now = ctx.host.transport().agents().await?;
        let mut gone = 0;
        for agent in own {
            if find(before, &agent.id).is_none() && find(&now, &agent.id).is_some() {
                ctx.host.transport().uninstall(permit, &agent.id).await?;
                gone += 1;
            }
        }
        Ok(Outcome::changed(format!("{} unregistered again", counted(gone))))
    }
}
