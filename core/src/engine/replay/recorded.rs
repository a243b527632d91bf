//! What operations did and what was seen of mail, from the record.

use super::course::Course;
use crate::{
    Permit,
    engine::perform::Perform,
    failure::Failure,
    host::{Answer, Host, ServiceName},
    operations::{Context, MailNote},
    plan::{Evidence, MailState, Observation, Outcome, Snapshot},
    upgrade::{Asked, Event, GateKind, State, planned},
    values::Timestamp,
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// Performs nothing, and answers what was recorded.
pub(super) struct Recorded(pub(super) Arc<Course>);

impl Recorded {
    /// What came of a step, with what was noted of mail on the way.
    fn outcome(
        &self,
        ctx: &Context<'_>,
        of: impl Fn(&Event) -> Option<Answer<Outcome>>,
        wanted: &str,
    ) -> Answer<Outcome> {
        let (notes, outcome) = self.0.outcome(of);
        for (at, mail) in notes {
            ctx.note(MailNote { at, mail });
        }
        outcome.unwrap_or_else(|| Err(self.0.missing(format!("{wanted} {}", ctx.step.id))))
    }
}

fn applied(ctx: &Context<'_>, event: &Event) -> Option<Answer<Outcome>> {
    match event {
        Event::StepApplied { step, outcome } if *step == ctx.step.id => Some(Ok(outcome.clone())),
        Event::StepFailed { step, failure, .. } if *step == ctx.step.id => Some(Err(failure.clone())),
        _ => None,
    }
}

#[async_trait]
impl Perform for Recorded {
    fn decided(&self, event: &Event) {
        self.0.decided(event);
    }

    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        match self.0.next() {
            Some(Event::StepIntended { step, before, .. }) if *step == ctx.step.id => Ok(before.clone()),
            Some(Event::StepFailed { step, failure, .. }) if *step == ctx.step.id => Err(failure.clone()),
            _ => Err(self.0.missing(format!("begin {}", ctx.step.id))),
        }
    }

    async fn question(&self, ctx: &Context<'_>, index: usize) -> Answer<Option<Asked>> {
        match self.0.next() {
            Some(Event::GateOpened { step, why: GateKind::Planned, question, .. })
                if *step == ctx.step.id =>
            {
                // Which answers it takes is decided anew; what is asked was found out on the server.
                let asked = planned(ctx.state, index, question.clone());
                Ok(Some(Asked { question: question.clone(), ..asked }))
            }
            // One that could not be made is written together with the intent; else there was nothing to ask, and the
            // step was run.
            Some(Event::StepFailed { step, failure, .. })
                if *step == ctx.step.id && self.0.waits_with_next() =>
            {
                Err(failure.clone())
            }
            _ => Ok(None),
        }
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        match self.0.next() {
            Some(Event::StepObserved { step, observation }) if *step == ctx.step.id => {
                Ok(observation.clone())
            }
            _ => {
                let failure = self.0.missing(format!("look at what is there of {}", ctx.step.id));
                // Not as a failure: it would be asked again.
                Ok(Observation::Unknown { evidence: vec![Evidence::new("replay", failure.to_string())] })
            }
        }
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        // Handed over, and interrupted by a person while it was followed.
        if ctx.step.operation.goes_on_elsewhere() && !self.0.said().is_empty() {
            return Ok(Outcome::default());
        }
        self.outcome(ctx, |event| applied(ctx, event), "run")
    }

    async fn follow(&self, ctx: &Context<'_>) -> Answer<Option<Outcome>> {
        self.outcome(ctx, |event| applied(ctx, event), "follow").map(Some)
    }

    async fn undo(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let of = |event: &Event| match event {
            Event::UndoApplied { step, outcome } if *step == ctx.step.id => Some(Ok(outcome.clone())),
            Event::UndoFailed { step, failure, .. } if *step == ctx.step.id => Some(Err(failure.clone())),
            _ => None,
        };
        self.outcome(ctx, of, "take back")
    }

    /// Where no change was recorded, none was seen: it counts as not read.
    async fn mail(&self, _host: &dyn Host, state: &State) -> Answer<MailState> {
        match self.0.next() {
            Some(Event::MailFlowChanged { mail, seen: true, .. }) if self.0.goes_on() => Ok(*mail),
            Some(Event::Started { mail, .. }) if state.started.is_none() => Ok(*mail),
            _ => Err(unseen()),
        }
    }

    async fn mail_since(
        &self,
        host: &dyn Host,
        _state: &State,
        _mail: MailState,
    ) -> (Timestamp, Option<u64>) {
        match self.0.next() {
            Some(Event::MailFlowChanged { at, waiting, .. }) => (*at, *waiting),
            _ => (host.clock().now(), None),
        }
    }

    /// Nothing of it is recorded but the time that it took.
    async fn ready(&self, _host: &dyn Host, _services: &[ServiceName], _limit: Duration) -> Answer<Outcome> {
        Ok(Outcome::default())
    }
}

fn unseen() -> Failure {
    super::course::end()
}
