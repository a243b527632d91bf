//! The port to Exchange's transport. A cmdlet costs the time that a shell takes to connect.

use super::{SimHost, effect};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Agent, AgentId, Answer, ExchangeServer, QueueDepth, Transport},
};
use std::{sync::Arc, time::Duration};

const SHELL: Duration = Duration::from_secs(4);

#[async_trait]
impl Transport for SimHost {
    async fn exchange(&self) -> Answer<Option<ExchangeServer>> {
        self.read(|world| Ok(world.exchange())).await
    }

    async fn agents(&self) -> Answer<Vec<Agent>> {
        self.read(|world| world.agents()).await
    }

    async fn queues(&self) -> Answer<Option<QueueDepth>> {
        self.read(|world| Ok(world.queues())).await
    }

    async fn install(&self, permit: &Permit, agent: &Agent) -> Answer<()> {
        effect!(self, "install agent", |world, fate| {
            world.advance(fate, SHELL)?;
            world.install_agent(agent)?;
            fate.done(world, permit, "install agent", &agent.id.name);
            Ok(())
        })
    }

    async fn uninstall(&self, permit: &Permit, id: &AgentId) -> Answer<()> {
        effect!(self, "uninstall agent", |world, fate| {
            world.advance(fate, SHELL)?;
            world.change_agent(id, |rows, index| {
                rows.remove(index);
                Ok(())
            })?;
            fate.done(world, permit, "uninstall agent", &id.name);
            Ok(())
        })
    }

    async fn set_enabled(&self, _permit: &Permit, id: &AgentId, enabled: bool) -> Answer<()> {
        effect!(self, "enable or disable agent", |world, fate| {
            world.advance(fate, SHELL)?;
            world.change_agent(id, |rows, index| {
                Arc::make_mut(&mut rows[index]).enabled = enabled;
                Ok(())
            })
        })
    }

    async fn set_priority(&self, _permit: &Permit, id: &AgentId, priority: u32) -> Answer<()> {
        effect!(self, "set agent priority", |world, fate| {
            world.advance(fate, SHELL)?;
            world.change_agent(id, |rows, index| {
                let place = usize::try_from(priority).unwrap_or(usize::MAX);
                if !(1..=rows.len()).contains(&place) {
                    return Err(Failure::new(
                        Code::Shell,
                        format!("the priority must be between 1 and {}", rows.len()),
                    )
                    .found(priority.to_string()));
                }
                let row = rows.remove(index);
                rows.insert(place - 1, row);
                Ok(())
            })
        })
    }
}
