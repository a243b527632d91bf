//! Mail: what state it is in, starting transport safely, and the probe.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Agent, AgentId, Answer, Host, ProbeVerdict, ServiceName, TransportService},
    plan::{Evidence, Flow, MailState, Observation, Outcome},
    planted::planted,
    upgrade::State,
};
use async_trait::async_trait;

/// The state of mail now.
///
/// Transport loads agents when it starts, so a registration counts as scanning only when transport started after
/// it; until then mail is treated as it was.
///
/// # Errors
/// When the service manager or the agents cannot be read.
pub async fn measure(host: &dyn Host, state: &State) -> Answer<MailState> {
    let name = ServiceName::transport();
    let Some(transport) = host.services().get(&name).await? else {
        return Ok(MailState::DOWN);
    };
    if !transport.is_running() {
        return Ok(if state.holds_mail() { MailState::HELD } else { MailState::DOWN });
    }
    let registered = all_enabled(&host.transport().agents().await?, &state.scanners());
    let loaded_before_change =
        transport.started.zip(state.agents_changed).is_some_and(|(started, changed)| started < changed);
    // What was assumed meanwhile of a time that nobody saw is not what transport has loaded.
    let flowed = state.ledger.changes().iter().rev().find(|change| change.mail.flow == Flow::Flowing);
    let scanned = match flowed {
        Some(last) if loaded_before_change && !planted!(RegisteredCountsAsScanning) => last.mail.scanned,
        _ => registered,
    };
    Ok(MailState { flow: Flow::Flowing, scanned })
}

fn all_enabled(agents: &[Agent], scanners: &[AgentId]) -> bool {
    scanners.iter().all(|id| agents.iter().any(|agent| agent.id.same(id) && agent.enabled))
}

/// What is noted when transport runs again: whether the product's agents were there for it to load.
pub(super) async fn flowing(ctx: &Context<'_>) -> Answer<MailState> {
    let scanned = all_enabled(&ctx.host.transport().agents().await?, &ctx.state.scanners());
    Ok(MailState { flow: Flow::Flowing, scanned })
}

/// Refuses when an enabled agent's assembly is not on disk: transport would not come up (events 7001 and 16023;
/// <https://knowledge.broadcom.com/external/article/157806>).
pub(super) async fn assemblies_exist(ctx: &Context<'_>, service: &ServiceName) -> Answer<Vec<Evidence>> {
    if !service.same(&ServiceName::transport()) || planted!(AssembliesNotLookedAt) {
        return Ok(Vec::new());
    }
    let mut count = 0;
    for agent in ctx.host.transport().agents().await? {
        if !agent.enabled || agent.id.service == TransportService::FrontEnd {
            continue;
        }
        if ctx.host.files().stat(&agent.assembly).await?.is_none() {
            return Err(Failure::new(Code::AssemblyMissing, "transport would not start")
                .expected(format!("the assembly of the agent {} at {}", agent.id, agent.assembly))
                .found("no file")
                .hint("repair the product's installation, or disable this agent, then answer retry")
                .ask());
        }
        count += 1;
    }
    Ok(vec![Evidence::new("assemblies of enabled agents", format!("{count}, all on disk"))])
}

pub(super) struct Probe;

#[async_trait]
impl Operate for Probe {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let report = ctx.host.mail().probe(&format!("{}-{}", ctx.upgrade, permit.seq())).await?;
        let evidence: Vec<Evidence> =
            report.evidence.iter().map(|line| Evidence::new("transport", line)).collect();
        match report.verdict {
            ProbeVerdict::Accepted => Ok(Outcome::same("transport accepted a message").shown(evidence)),
            ProbeVerdict::Deferred => {
                Err(probe_failure("transport does not take mail yet", &report.evidence).retry())
            }
            ProbeVerdict::Refused => {
                Err(probe_failure("transport refuses mail, and senders would give up", &report.evidence)
                    .ask())
            }
        }
    }
}

fn probe_failure(message: &str, evidence: &[String]) -> Failure {
    Failure::new(Code::MailProbe, message)
        .expected("250 after the message")
        .found(evidence.first().map_or("no answer", String::as_str))
        .hint("look at the transport service and its queues")
}
