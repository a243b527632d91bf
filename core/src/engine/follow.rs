//! What goes on elsewhere: followed to its end.

use super::{Engine, Loaded};
use crate::{
    failure::{Code, Failure, Remedy},
    host::{Answer, NodeGate, NodeProgress, NodeStanding},
    plan::{Outcome, Step},
    upgrade::{Finish, Standing, StepState},
};
use std::time::Duration;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// How long a node may be out of reach before a person is asked: it restarts on the way, and a server takes its time.
const AWAY: Duration = Duration::from_secs(20 * 60);

impl Engine<'_> {
    /// Lets time pass. Nodes have a time of their own: a simulated server's clock runs ahead of theirs.
    pub(super) async fn pause(&self, how_long: Duration) -> Result<(), Failure> {
        self.unless_told(match self.nodes {
            Some(nodes) => nodes.rest(how_long),
            None => self.host.clock().sleep(how_long),
        })
        .await
    }

    /// Looks until the effect of a step has come to its end; `None` when somebody wants something of this upgrade first.
    pub(super) async fn follow(&self, step: &Step) -> Result<Option<Answer<Outcome>>, Failure> {
        let (mut followed, mut away) = (Duration::ZERO, Duration::ZERO);
        loop {
            if self.desk.messages().map_or(true, |messages| !messages.is_empty()) {
                return Ok(None);
            }
            let ctx = self.context(step);
            match self.look(step, self.perform.follow(&ctx)).await? {
                Ok(Some(outcome)) => return Ok(Some(Ok(outcome))),
                Ok(None) => away = Duration::ZERO,
                Err(failure) if failure.remedy == Remedy::Retry && away < AWAY => away += LOOK,
                Err(failure) => return Ok(Some(Err(failure.ask()))),
            }
            if followed >= step.limit() {
                let failure =
                    Failure::new(Code::TimeLimit, format!("\"{}\" goes on for very long", step.title))
                        .expected(format!("an end within {} s", step.limit_secs))
                        .hint("look at the node; answer retry to go on following it")
                        .ask();
                return Ok(Some(Err(failure)));
            }
            self.pause(LOOK).await?;
            followed += LOOK;
        }
    }
}

/// How an upgrade stands, for whoever follows it from another server.
#[must_use]
pub fn progress_of(loaded: &Loaded) -> NodeProgress {
    let (state, report) = (&loaded.state, &loaded.report);
    let totals = report.mail;
    let at = |step: usize| {
        let title = state.plan_steps().get(step).map(|step| step.title.as_str())?;
        Some(format!("{}/{} {title}", step + 1, state.steps.len()))
    };
    let standing_at =
        state.gate.as_ref().map(|gate| gate.step).or(state.flight.as_ref().map(|flight| flight.step));
    NodeProgress {
        plan: state.hash,
        standing: match state.standing {
            Standing::Empty | Standing::Planned | Standing::Running => NodeStanding::Running,
            Standing::Paused => NodeStanding::Paused,
            Standing::Finished(Finish::Succeeded) => NodeStanding::Succeeded,
            Standing::Finished(Finish::RolledBack) => NodeStanding::RolledBack,
            Standing::Finished(Finish::Abandoned) => NodeStanding::Abandoned,
        },
        step: standing_at.and_then(at),
        gate: state
            .gate
            .as_ref()
            .map(|gate| NodeGate { id: gate.id.clone(), title: gate.question.title.clone() }),
        mail: format!(
            "held {} s, down {} s, unscanned {} s; {}",
            totals.held_ms / 1000,
            totals.down_ms / 1000,
            totals.unscanned_ms / 1000,
            if report.mail_within_budget { "within the budget" } else { "over the budget" }
        ),
        failure: state
            .steps
            .iter()
            .find_map(|progress| match &progress.state {
                StepState::Failed { failure, .. } => Some(failure.clone()),
                _ => None,
            })
            .or_else(|| report.steps.iter().find_map(|step| step.failure.clone())),
    }
}
