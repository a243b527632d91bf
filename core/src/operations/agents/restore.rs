//! Bringing them back to how they were.

use super::{compare::differences, compare::place, find, line};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Agent, Answer},
    operations::Context,
    plan::Evidence,
    planted::planted,
    values::ServerPath,
};

/// Registers what is missing, and restores enabled flags and positions. With `folder`, an assembly that moved is
/// looked for there.
pub(super) async fn restore(
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
