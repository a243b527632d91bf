//! Holding mail: transport stopped so that it stays stopped.
//!
//! Stopping alone would not do: after a power cut or a restart in the detached time Windows would start transport by
//! itself, without the product's agents, and mail would flow unscanned. So the start mode goes to *disabled* first.

use super::{Context, Operate, service};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, ServiceName, ServiceState, StartMode},
    plan::{MailState, Observation, Outcome, Snapshot},
    planted::planted,
    values::StepId,
};
use async_trait::async_trait;

async fn hold(ctx: &Context<'_>, permit: &Permit, name: &ServiceName) -> Answer<Outcome> {
    if !planted!(HoldEndsWithBoot) {
        ctx.host.services().set_start(permit, name, StartMode::Disabled).await?;
    }
    ctx.mail(MailState::HELD);
    ctx.host.services().stop(permit, name, ctx.step.limit()).await?;
    let now = ctx.service(name).await?;
    Ok(Outcome::changed("mail is held; senders keep it and try again").shown([service::evidence(&now)]))
}

async fn release(ctx: &Context<'_>, permit: &Permit, saved: Option<&Snapshot>) -> Answer<Outcome> {
    let Some(Snapshot::Service { service: name, running, start, .. }) = saved else {
        return Err(Failure::new(Code::ServiceConfig, "the state of transport before the hold is not known")
            .hint("set the start mode of MSExchangeTransport by hand, start it, and answer retry")
            .ask());
    };
    let now = ctx.service(name).await?;
    let changed = now.start != *start || (*running && !now.is_running());
    if now.start != *start {
        // An assembly that is missing now would make Windows fail to start transport at the next boot.
        super::mail::assemblies_exist(ctx, name).await?;
        let start = if planted!(StartModeForgotten) { StartMode::Manual } else { *start };
        ctx.host.services().set_start(permit, name, start).await?;
    }
    let shown = if *running {
        service::start(ctx, permit, name).await?
    } else {
        vec![service::evidence(&ctx.service(name).await?)]
    };
    let text = "transport runs as it did before mail was held";
    Ok(if changed { Outcome::changed(text) } else { Outcome::same(text) }.shown(shown))
}

/// What is there of a hold: start mode disabled, and stopped.
async fn holding(ctx: &Context<'_>, name: &ServiceName) -> Answer<(bool, bool, Vec<crate::plan::Evidence>)> {
    let now = ctx.service(name).await?;
    let shown = vec![service::evidence(&now)];
    Ok((now.start == StartMode::Disabled, now.state == ServiceState::Stopped, shown))
}

pub(super) struct Hold<'a> {
    pub(super) service: &'a ServiceName,
}

#[async_trait]
impl Operate for Hold<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(Some(service::snapshot(&ctx.service(self.service).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let (disabled, stopped, evidence) = holding(ctx, self.service).await?;
        let runs_again = match ctx.before() {
            Some(Snapshot::Service { running: true, .. }) => ctx.service(self.service).await?.is_running(),
            _ => true,
        };
        Ok(if disabled && stopped {
            Observation::Applied(Outcome::changed("mail is held").shown(evidence))
        } else if !disabled && !stopped && runs_again {
            Observation::NotApplied { evidence }
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        hold(ctx, permit, self.service).await
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        if planted!(HoldNotTakenBack) {
            return Ok(Outcome::default());
        }
        release(ctx, permit, ctx.before()).await
    }
}

pub(super) struct Release<'a> {
    pub(super) service: &'a ServiceName,
    pub(super) hold: &'a StepId,
}

#[async_trait]
impl Operate for Release<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(Some(service::snapshot(&ctx.service(self.service).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let (disabled, stopped, evidence) = holding(ctx, self.service).await?;
        let (start, ran) = match ctx.state.before(self.hold) {
            Some(Snapshot::Service { start, running, .. }) => (Some(*start), *running),
            _ => (None, true),
        };
        let now = ctx.service(self.service).await?;
        Ok(if start == Some(now.start) && now.is_running() == ran {
            Observation::Applied(Outcome::changed("mail was released").shown(evidence))
        } else if disabled && stopped {
            Observation::NotApplied { evidence }
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        release(ctx, permit, ctx.state.before(self.hold)).await
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        hold(ctx, permit, self.service).await
    }
}
