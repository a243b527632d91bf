//! What a node of a cluster says of itself.

use super::Installation;
use crate::{
    host::{Answer, Host, NodeFacts, ServiceName, TransportService},
    values::UpgradeId,
};

/// Looks at this server as a node of a cluster; `found` is what was detected of the product just now.
///
/// # Errors
/// When it cannot be looked at.
pub async fn node_facts(
    host: &dyn Host,
    found: Option<Installation>,
    unfinished: Option<UpgradeId>,
) -> Answer<NodeFacts> {
    let transport = host.services().get(&ServiceName::transport()).await?;
    let agents = host.transport().agents().await?;
    let mut without_assembly = Vec::new();
    for agent in agents.iter().filter(|agent| agent.enabled && agent.id.service != TransportService::FrontEnd)
    {
        if host.files().stat(&agent.assembly).await?.is_none() {
            without_assembly.push(agent.id.clone());
        }
    }
    let version = found.as_ref().map(|found| found.version.clone());
    let (own_services, own_agents) = found.map(|found| (found.services, found.agents)).unwrap_or_default();
    Ok(NodeFacts {
        at: host.clock().now(),
        server: host.name(),
        version,
        services: transport.into_iter().chain(own_services).collect(),
        agents,
        own_agents: own_agents.into_iter().map(|agent| agent.id).collect(),
        without_assembly,
        unfinished,
    })
}
