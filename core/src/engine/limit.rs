//! Calls of the host that hang.
//!
//! Operations keep to their step's time limit wherever a port takes one. This is the bound for everything else: a file
//! server that does not answer, a directory that never does. A call that only looks is given up and said to be unknown.
//! One that changes something cannot be called back: it may still come to its end, behind the back of whatever is done
//! next. So the process ends there, with the step in doubt, and the next one looks at what is true.
//!
//! A process that is told to end does not wait any longer either, and gives up what only looks: Windows, when it goes
//! down, waits for services for a minute, and mail with it. What changes something is seen to its end.

use super::Engine;
use crate::{
    failure::{Code, Failure},
    host::{Answer, BootIdentity, Clock, Host},
    plan::Step,
    planted::planted,
};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

/// How long the state of mail may take to read.
const LOOK: Duration = Duration::from_secs(120);
/// What a step may take beyond its limits, for all that is read on the way.
const GRACE: Duration = Duration::from_secs(60);

/// The work's answer, or `None` when the alarm came first.
pub(super) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    if planted!(CallsNotBounded) {
        return Some(work.await);
    }
    let (mut work, mut alarm) = (pin!(work), pin!(clock.alarm(limit)));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => alarm.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A reading of the server that the upgrade can go on without.
pub(super) async fn glance<T>(clock: &dyn Clock, work: impl Future<Output = Answer<T>>) -> Option<T> {
    within(clock, LOOK, work).await?.ok()
}

/// The boot identity, without which nothing can be begun.
pub(super) async fn boot(host: &dyn Host) -> Answer<BootIdentity> {
    within(host.clock(), LOOK, host.power().boot()).await.unwrap_or_else(|| {
        Err(Failure::new(Code::TimeLimit, "the server does not say in which boot it is")
            .expected(format!("an answer within {} s", LOOK.as_secs()))
            .hint("see what the server waits for, then run `mailsec resume`"))
    })
}

/// A step's bound. Two waits, each of which keeps to the limit, are what an operation has: to stop and to start, to wait
/// for another installer and to run its own.
fn bound(step: &Step) -> Duration {
    step.limit().saturating_mul(2).saturating_add(GRACE)
}

fn hangs(step: &Step, what: &str) -> Failure {
    Failure::new(Code::TimeLimit, format!("{what} {} did not come to an end", step.id))
        .expected(format!("its end within {} s", bound(step).as_secs()))
}

impl Engine<'_> {
    /// Waits, or looks: the answer, or that this process is told to end.
    pub(super) async fn unless_told<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let (mut work, mut told) = (pin!(work), self.desk.told_to_end());
        poll_fn(|cx| match told.as_mut().poll(cx) {
            Poll::Ready(failure) => Poll::Ready(Err(failure)),
            Poll::Pending => work.as_mut().poll(cx).map(Ok),
        })
        .await
    }

    /// A call that only looks: its answer, or why this process must end.
    pub(super) async fn look<T>(
        &self,
        step: &Step,
        work: impl Future<Output = Answer<T>>,
    ) -> Result<Answer<T>, Failure> {
        let done = self.unless_told(within(self.host.clock(), bound(step), work)).await?;
        Ok(done.unwrap_or_else(|| {
            Err(hangs(step, "looking at what is there of").hint("see what the server waits for").retry())
        }))
    }

    /// The effect of a step: its answer, or why this process must end.
    pub(super) async fn act<T>(
        &self,
        step: &Step,
        work: impl Future<Output = Answer<T>>,
    ) -> Result<Answer<T>, Failure> {
        let bounded = within(self.host.clock(), bound(step), work);
        let done = match step.operation.only_looks() {
            true => self.unless_told(bounded).await?,
            false => bounded.await,
        };
        done.ok_or_else(|| {
            hangs(step, "the step")
                .hint("see what the server waits for, then run `mailsec resume`: it looks at what is there of the step")
        })
    }

    /// As [`glance`]; nothing for a process that is told to end.
    pub(super) async fn glance<T>(&self, work: impl Future<Output = Answer<T>>) -> Option<T> {
        self.unless_told(glance(self.host.clock(), work)).await.ok().flatten()
    }
}
