//! Where decisions become deeds, and where the engine's eyes are.
//!
//! On a server both are the operations and the ports. A replay has a record instead of a server, and answers from that:
//! the engine around this seam is the same, and so are its decisions.

use super::limit::glance;
use crate::{
    Permit,
    host::{Answer, Host, ServiceName},
    operations::{Context, await_ready, measure, operate, question},
    plan::{Flow, MailState, Observation, Outcome, Snapshot},
    upgrade::{Asked, Event, State, planned},
    values::Timestamp,
};
use async_trait::async_trait;
use std::time::Duration;

/// Carries out what the engine decides on, and sees what it asks for.
#[async_trait]
pub(super) trait Perform: Send + Sync {
    /// An event was decided on. It is not durable yet.
    fn decided(&self, _event: &Event) {}

    /// As [`Operate::prepare`](crate::operations::Operate::prepare).
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>>;

    /// The question of a step that asks, `index` in the plan; `None` when there is nothing to ask.
    async fn question(&self, ctx: &Context<'_>, index: usize) -> Answer<Option<Asked>>;

    /// As [`Operate::observe`](crate::operations::Operate::observe).
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation>;

    /// As [`Operate::apply`](crate::operations::Operate::apply).
    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome>;

    /// As [`Operate::follow`](crate::operations::Operate::follow).
    async fn follow(&self, ctx: &Context<'_>) -> Answer<Option<Outcome>>;

    /// As [`Operate::undo`](crate::operations::Operate::undo).
    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome>;

    /// The state of mail now.
    async fn mail(&self, host: &dyn Host, state: &State) -> Answer<MailState>;

    /// Since when mail is in the state that was just seen, and how many messages wait, where that is known.
    async fn mail_since(&self, host: &dyn Host, state: &State, mail: MailState) -> (Timestamp, Option<u64>);

    /// As [`await_ready`].
    async fn ready(&self, host: &dyn Host, services: &[ServiceName], limit: Duration) -> Answer<Outcome>;
}

/// A server does it.
pub(super) struct OnServer;

#[async_trait]
impl Perform for OnServer {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        operate(&ctx.step.operation).prepare(ctx).await
    }

    async fn question(&self, ctx: &Context<'_>, index: usize) -> Answer<Option<Asked>> {
        let question = question(&ctx.step.operation, ctx).await?;
        Ok(question.map(|question| planned(ctx.state, index, question)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        operate(&ctx.step.operation).observe(ctx).await
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        operate(&ctx.step.operation).apply(ctx, permit).await
    }

    async fn follow(&self, ctx: &Context<'_>) -> Answer<Option<Outcome>> {
        operate(&ctx.step.operation).follow(ctx).await
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        operate(&ctx.step.operation).undo(ctx, permit).await
    }

    async fn mail(&self, host: &dyn Host, state: &State) -> Answer<MailState> {
        measure(host, state).await
    }

    async fn mail_since(&self, host: &dyn Host, state: &State, mail: MailState) -> (Timestamp, Option<u64>) {
        let queues = glance(host.clock(), host.transport().queues()).await;
        let waiting = queues.flatten().map(|depth| depth.waiting);
        (flowing_since(host, state, mail).await.unwrap_or_else(|| host.clock().now()), waiting)
    }

    async fn ready(&self, host: &dyn Host, services: &[ServiceName], limit: Duration) -> Answer<Outcome> {
        await_ready(host, services, limit).await
    }
}

/// Mail that flows again has done so since transport's start, not since somebody looked.
async fn flowing_since(host: &dyn Host, state: &State, mail: MailState) -> Option<Timestamp> {
    let last = state.ledger.changes().last()?;
    if mail.flow != Flow::Flowing || last.mail.flow == Flow::Flowing {
        return None;
    }
    let name = ServiceName::transport();
    let transport = glance(host.clock(), host.services().get(&name)).await.flatten()?;
    transport.started.filter(|started| *started >= last.at)
}
