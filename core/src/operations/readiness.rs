//! Waiting until the server is ready: the service manager answers, services run, no installer does.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, Host, ServiceName},
    plan::{Evidence, Observation, Outcome},
};
use async_trait::async_trait;
use std::time::Duration;

const POLL: Duration = Duration::from_secs(2);

pub(super) struct AwaitReady<'a> {
    pub(super) services: &'a [ServiceName],
}

#[async_trait]
impl Operate for AwaitReady<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        Ok(match missing(ctx.host, self.services).await? {
            None => Observation::Applied(Outcome::same("ready")),
            Some(what) => Observation::NotApplied { evidence: vec![Evidence::new("readiness", what)] },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        await_ready(ctx.host, self.services, ctx.step.limit()).await
    }
}

/// Waits until `services` run and no installer does.
///
/// # Errors
/// [`Code::NotReady`] when the limit passes, with what was missing last.
pub async fn await_ready(host: &dyn Host, services: &[ServiceName], limit: Duration) -> Answer<Outcome> {
    let mut waited = Duration::ZERO;
    loop {
        // Just after a boot the service manager itself may refuse; that is one more thing to wait for.
        let missing = match missing(host, services).await {
            Ok(missing) => missing,
            Err(failure) if waited + POLL >= limit => return Err(failure),
            Err(failure) => Some(failure.to_string()),
        };
        let Some(what) = missing else {
            let names: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
            return Ok(Outcome::same(format!("ready after {} s", waited.as_secs()))
                .shown((!names.is_empty()).then(|| Evidence::new("services running", names.join(", ")))));
        };
        if waited >= limit {
            return Err(Failure::new(Code::NotReady, "the server did not become ready in time")
                .expected("all services running and no installer")
                .found(what)
                .hint("look at the service and the event log, then answer retry")
                .ask());
        }
        host.clock().sleep(POLL).await;
        waited += POLL;
    }
}

async fn missing(host: &dyn Host, services: &[ServiceName]) -> Answer<Option<String>> {
    for name in services {
        match host.services().get(name).await? {
            Some(service) if service.is_running() => {}
            Some(service) => return Ok(Some(format!("{name} is {:?}", service.state).to_lowercase())),
            None => return Ok(Some(format!("{name} is not there"))),
        }
    }
    Ok(host.packages().busy().await?.then(|| "an installation is running".to_owned()))
}
