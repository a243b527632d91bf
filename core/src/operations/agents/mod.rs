//! Transport agents: recorded, unregistered, registered again as they were, verified.

mod compare;
mod register;
mod restore;
mod snapshot;
mod unregister;
mod verify;

pub(super) use register::Register;
pub(super) use snapshot::SnapshotAgents;
pub(super) use unregister::Unregister;
pub(super) use verify::Verify;

use super::Context;
use crate::{
    failure::{Code, Failure},
    host::{Agent, AgentId, Answer},
    plan::{Evidence, Snapshot},
    values::StepId,
};

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

fn counted(agents: usize) -> String {
    format!("{agents} agent{}", if agents == 1 { "" } else { "s" })
}
