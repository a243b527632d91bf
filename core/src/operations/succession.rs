//! Agents that a new version registered under other names: they succeed those that are gone.

use super::Context;
use crate::{
    host::{Agent, AgentId, Answer, TransportService},
    values::ServerPath,
};

/// The agents of a product, and the order of all, as they are to be from now on.
pub(super) struct Heirs {
    pub(super) own: Vec<Agent>,
    pub(super) order: Vec<Agent>,
}

/// An agent that is neither registered nor has its assembly anywhere is gone for good. Where the installer registered
/// agents of the product's folder that nobody knew before, these take the place of the gone ones: enabled as those
/// were, at their position.
pub(super) async fn heirs(
    ctx: &Context<'_>,
    own: &[Agent],
    order: &[Agent],
    folder: &ServerPath,
) -> Answer<Heirs> {
    let now = ctx.host.transport().agents().await?;
    let mut gone = Vec::new();
    for agent in own.iter().filter(|agent| !has(&now, &agent.id)) {
        if ctx.host.files().stat(&agent.assembly).await?.is_none() {
            gone.push(agent);
        }
    }
    let mut heirs = Heirs { own: own.to_vec(), order: order.to_vec() };
    if gone.is_empty() || folder.as_str().is_empty() || ctx.host.files().stat(folder).await?.is_none() {
        return Ok(heirs);
    }
    let files = ctx.host.files().tree(folder).await?;
    // One whose file only moved is registered again, not succeeded.
    gone.retain(|agent| {
        let name = agent.assembly.file_name();
        !files.iter().any(|file| folder.join(&file.path).file_name().eq_ignore_ascii_case(name))
    });
    let new = |service: TransportService| {
        let ours = now.iter().filter(move |agent| agent.id.service == service);
        ours.filter(|agent| agent.assembly.is_under(folder) && !has(order, &agent.id))
    };
    let mut services: Vec<TransportService> = gone.iter().map(|agent| agent.id.service).collect();
    services.dedup();
    for service in services {
        let enabled = gone.iter().any(|agent| agent.id.service == service && agent.enabled);
        let new: Vec<Agent> = new(service).map(|agent| Agent { enabled, ..agent.clone() }).collect();
        if !new.is_empty() {
            let left: Vec<&AgentId> =
                gone.iter().map(|agent| &agent.id).filter(|id| id.service == service).collect();
            heirs.replace(&left, &new);
        }
    }
    Ok(heirs)
}

fn has(agents: &[Agent], id: &AgentId) -> bool {
    agents.iter().any(|agent| agent.id.same(id))
}

impl Heirs {
    fn replace(&mut self, gone: &[&AgentId], new: &[Agent]) {
        for list in [&mut self.own, &mut self.order] {
            let is_gone = |agent: &Agent| gone.iter().any(|id| id.same(&agent.id));
            let at = list.iter().position(is_gone).unwrap_or(list.len());
            list.retain(|agent| !is_gone(agent));
            let at = at.min(list.len());
            list.splice(at..at, new.iter().cloned());
        }
        // Positions count within a service; those of agents that were there keep their order.
        let mut next = std::collections::BTreeMap::<TransportService, u32>::new();
        for agent in &mut self.order {
            let place = next.entry(agent.id.service).or_default();
            *place += 1;
            agent.priority = *place;
        }
        for agent in &mut self.own {
            if let Some(placed) = self.order.iter().find(|other| other.id.same(&agent.id)) {
                agent.priority = placed.priority;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn heirs_take_the_place_of_the_first_that_is_gone() {
        let order = [agent("Rule", 1), agent("Old A", 2), agent("Malware", 3), agent("Old B", 4)];
        let own = vec![order[1].clone(), order[3].clone()];
        let mut heirs = Heirs { own, order: order.to_vec() };
        heirs.replace(&[&order[1].id, &order[3].id], &[agent("New A", 7), agent("New B", 8)]);
        let line = |agents: &[Agent]| -> Vec<_> {
            agents.iter().map(|agent| (agent.id.name.clone(), agent.priority)).collect()
        };
        let text = |rows: &[(&str, u32)]| -> Vec<_> { rows.iter().map(|(n, p)| ((*n).into(), *p)).collect() };
        assert_eq!(line(&heirs.order), text(&[("Rule", 1), ("New A", 2), ("New B", 3), ("Malware", 4)]));
        assert_eq!(line(&heirs.own), text(&[("New A", 2), ("New B", 3)]));
    }
}
