//! Transport agents: recorded, unregistered, registered again as they were, verified.

use super::{
    Context, Operate, service,
    succession::{Heirs, heirs},
};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Agent, AgentId, Answer, ServiceName},
    plan::{Evidence, Observation, Outcome, Snapshot},
    planted::planted,
    values::{ServerPath, StepId},
};
use async_trait::async_trait;

/// A snapshot's own agents, and the order of all.
type Recorded<'a> = (&'a [Agent], &'a [Agent]);

fn recorded<'a>(ctx: &'a Context<'_>, step: &StepId) -> Answer<Recorded<'a>> {
    match ctx.output(step)? {
        Snapshot::Agents { agents, order } => Ok((agents, order)),
        _ => Err(Failure::new(Code::PlanLint, format!("the step {step} recorded no agents"))),
    }
}

fn find<'a>(agents: &'a [Agent], id: &AgentId) -> Option<&'a Agent> {
    agents.iter().find(|agent| agent.id.same(id))
}

fn line(agent: &Agent) -> Evidence {
    let enabled = if agent.enabled { "enabled" } else { "disabled" };
    Evidence::new(
        format!("agent {}", agent.id),
        format!("{enabled}, priority {}, {}", agent.priority, agent.assembly),
    )
}

pub(super) struct SnapshotAgents<'a> {
    pub(super) folder: &'a ServerPath,
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

fn counted(agents: usize) -> String {
    format!("{agents} agent{}", if agents == 1 { "" } else { "s" })
}

pub(super) struct Unregister<'a> {
    pub(super) snapshot: &'a StepId,
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

pub(super) struct Register<'a> {
    pub(super) snapshot: &'a StepId,
    pub(super) folder: &'a ServerPath,
    pub(super) located: Option<&'a StepId>,
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

pub(super) struct Verify<'a> {
    pub(super) snapshot: &'a StepId,
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

/// In what the agents differ from how they were: missing, enabled flag, order among those that were there then.
/// An assembly may have moved with the new version; that it exists is checked elsewhere.
fn differences(own: &[Agent], order: &[Agent], now: &[Agent]) -> Vec<String> {
    let mut wrong = Vec::new();
    for agent in own {
        match find(now, &agent.id) {
            None => wrong.push(format!("{} is not registered", agent.id)),
            Some(found) if found.enabled != agent.enabled && !planted!(EnabledForgotten) => {
                wrong.push(format!("{} is {}", agent.id, if found.enabled { "enabled" } else { "disabled" }));
            }
            Some(_) => {}
        }
    }
    let then: Vec<&AgentId> =
        order.iter().filter(|agent| find(now, &agent.id).is_some()).map(|agent| &agent.id).collect();
    let since: Vec<&AgentId> =
        now.iter().filter(|agent| find(order, &agent.id).is_some()).map(|agent| &agent.id).collect();
    if planted!(PriorityForgotten) {
        return wrong;
    }
    if then.len() != since.len() || !then.iter().zip(&since).all(|(one, other)| one.same(other)) {
        wrong.push("the order differs".to_owned());
    }
    wrong
}

/// Registers what is missing, and restores enabled flags and positions. With `folder`, an assembly that moved is
/// looked for there.
async fn restore(
    ctx: &Context<'_>,
    permit: &Permit,
    own: &[Agent],
    order: &[Agent],
    folder: Option<&ServerPath>,
) -> Answer<Vec<Evidence>> {
    let transport = ctx.host.transport();
    let mut by_priority: Vec<&Agent> = own.iter().collect();
    by_priority.sort_by_key(|agent| (agent.id.service, agent.priority));
    for agent in &by_priority {
        let now = transport.agents().await?;
        let present = find(&now, &agent.id);
        let assembly_there = match present {
            Some(_) if planted!(AssembliesNotLookedAt) => true,
            Some(found) => ctx.host.files().stat(&found.assembly).await?.is_some(),
            None => false,
        };
        // A registration whose assembly is gone is the ghost that keeps transport down: replaced, not kept.
        if present.is_none() || !assembly_there {
            let assembly = assembly(ctx, agent, folder).await?;
            if present.is_some() {
                transport.uninstall(permit, &agent.id).await?;
            }
            transport.install(permit, &Agent { assembly, ..(*agent).clone() }).await?;
        }
        let now = transport.agents().await?;
        if find(&now, &agent.id).is_some_and(|found| found.enabled != agent.enabled)
            && !planted!(EnabledForgotten)
        {
            transport.set_enabled(permit, &agent.id, agent.enabled).await?;
        }
    }
    for agent in &by_priority {
        let now = transport.agents().await?;
        let place = place(agent, order, &now);
        if find(&now, &agent.id).is_some_and(|found| found.priority != place) && !planted!(PriorityForgotten)
        {
            transport.set_priority(permit, &agent.id, place).await?;
        }
    }
    let now = transport.agents().await?;
    let wrong = differences(own, order, &now);
    if wrong.is_empty() {
        return Ok(own.iter().filter_map(|agent| find(&now, &agent.id)).map(line).collect());
    }
    Err(Failure::new(Code::AgentsDiffer, "the agents could not be registered as they were")
        .expected("the agents of the snapshot: enabled flag, order, scope")
        .found(wrong.join("; "))
        .hint("register them in the product's console, then answer retry")
        .ask())
}

/// Behind every agent that came before it then and is there now.
fn place(agent: &Agent, order: &[Agent], now: &[Agent]) -> u32 {
    let before = order
        .iter()
        .filter(|other| other.id.service == agent.id.service && !other.id.same(&agent.id))
        .take_while(|other| other.priority < agent.priority)
        .filter_map(|other| find(now, &other.id));
    1 + u32::try_from(before.count()).unwrap_or(u32::MAX - 1)
}

/// Where the agent's assembly is now: at its old place, or under the same name elsewhere in the product's folder.
async fn assembly(ctx: &Context<'_>, agent: &Agent, folder: Option<&ServerPath>) -> Answer<ServerPath> {
    if ctx.host.files().stat(&agent.assembly).await?.is_some() {
        return Ok(agent.assembly.clone());
    }
    let mut found = Vec::new();
    if let Some(folder) = folder.filter(|folder| !folder.as_str().is_empty()) {
        for entry in ctx.host.files().tree(folder).await? {
            let path = folder.join(&entry.path);
            if path.file_name().eq_ignore_ascii_case(agent.assembly.file_name()) {
                found.push(path);
            }
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        several => Err(Failure::new(
            Code::AssemblyMissing,
            format!("the assembly of {} is not there", agent.id),
        )
        .expected(agent.assembly.as_str())
        .found(match several.len() {
            0 => "no file of that name in the product's folder".to_owned(),
            count => format!("{count} files of that name"),
        })
        .hint("repair the product with the vendor's installer, or register its agents in its console, then answer retry")
        .ask()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::TransportService;

    fn agent(name: &str, priority: u32) -> Agent {
        Agent {
            id: AgentId { name: name.into(), service: TransportService::Hub },
            enabled: true,
            priority,
            factory: "F".into(),
            assembly: ServerPath::new(r"C:\a.dll"),
        }
    }

    #[test]
    fn an_agent_goes_behind_those_that_were_before_it_and_are_still_there() {
        let order = [agent("Rule", 1), agent("Own", 2), agent("Malware", 3), agent("Own2", 4)];
        // Rule is gone; a stranger was added at the front.
        let now = [agent("Stranger", 1), agent("Malware", 2), agent("Own", 3)];
        assert_eq!(place(&order[1], &order, &now), 1);
        assert_eq!(place(&order[3], &order, &now), 3);
    }

    #[test]
    fn order_counts_only_among_those_that_were_there_then() {
        let order = [agent("Rule", 1), agent("Own", 2), agent("Malware", 3)];
        let now = [agent("New", 1), agent("Rule", 2), agent("OWN", 3), agent("Malware", 4)];
        assert!(differences(&order[1..2], &order, &now).is_empty());
        let swapped = [agent("Own", 1), agent("Rule", 2), agent("Malware", 3)];
        assert_eq!(differences(&order[1..2], &order, &swapped), ["the order differs"]);
    }
}
