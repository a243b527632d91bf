//! The state of an upgrade: the fold of its events.

use super::{CanarySummary, Finish, GateKind, Ledger, Request};
use crate::{
    failure::Failure,
    host::{AgentId, BootIdentity},
    plan::{
        Choice, Flow, ItemAnswers, MailState, Observation, Operation, Outcome, Plan, Question, Snapshot, Step,
    },
    planted::planted,
    values::{Digest, GateId, StepId, Timestamp},
};
use std::sync::Arc;

/// Where an event stands: what the envelope says of it.
#[derive(Clone, Copy, Debug)]
pub struct Position<'a> {
    /// When it was written.
    pub at: Timestamp,
    /// Version of the program that wrote it.
    pub engine: &'a str,
}

/// Whether the upgrade goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No event yet.
    Empty,
    /// Planned, not started.
    Planned,
    /// Under way.
    Running,
    /// A person paused it.
    Paused,
    /// Over.
    Finished(Finish),
}

/// Which way it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the new version.
    Forward,
    /// Back to where it began; why.
    Back(String),
}

/// What became of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StepState {
    /// Not begun, or to be begun again.
    #[default]
    Todo,
    /// Its effect is there.
    Done(Outcome),
    /// Left out; why.
    Skipped(String),
    /// Its last try failed.
    Failed {
        /// Why.
        failure: Failure,
        /// Which try, from 1.
        attempt: u32,
        /// What the server shows of it since.
        observed: Option<Observation>,
    },
    /// Taken back.
    Undone(Outcome),
}

/// One step's part of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What became of it.
    pub state: StepState,
    /// How often it was begun since a person last said "again", undo included.
    pub begins: u32,
    /// Whether it was ever begun.
    pub begun: bool,
    /// Failed tries in a row.
    pub failures: u32,
    /// Failed undo tries in a row; the last failure.
    pub undo_failed: Option<(u32, Failure)>,
    /// The state of the server before the first try.
    pub before: Option<Snapshot>,
    /// The server showed it half done when it was last asked.
    pub half_done: bool,
}

/// A step whose intent is durable and whose outcome is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Position in the plan.
    pub step: usize,
    /// Whether it is being undone.
    pub undo: bool,
    /// Which try, from 1.
    pub attempt: u32,
    /// When its intent was written.
    pub since: Timestamp,
    /// The boot in which a restart was asked for, when it is a restart.
    pub restart: Option<BootIdentity>,
    /// The server has started again since its intent was written.
    pub booted: bool,
    /// A person said that what was asked for is done.
    pub answered: bool,
    /// They said that it wants the server restarted.
    pub wants_restart: bool,
}

/// An open gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub id: GateId,
    /// The step it belongs to.
    pub step: usize,
    /// Why it is open.
    pub why: GateKind,
    /// What is asked.
    pub question: Question,
    /// Answers that it takes.
    pub choices: Vec<Choice>,
    /// Whether somebody was shown it.
    pub entered: bool,
    /// Since when.
    pub since: Timestamp,
}

impl Gate {
    /// Whether it takes this answer.
    ///
    /// # Errors
    /// As [`Question::admit`].
    pub fn admit(&self, choice: Choice, items: &ItemAnswers) -> Result<(), Failure> {
        self.question.admit(&self.choices, choice, items)
    }
}

/// Why an upgrade that was to be taken back goes forward.
pub const NO_WAY_BACK: &str =
    "the step from which nothing leads back was found done, so the upgrade goes on to its end.";

/// The fold of an upgrade's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The plan, once there is one.
    pub plan: Option<Arc<Plan>>,
    /// The plan's hash as it was shown.
    pub hash: Digest,
    /// Whether it goes on by itself.
    pub standing: Standing,
    /// Which way.
    pub direction: Direction,
    /// One for each step of the plan.
    pub steps: Vec<Progress>,
    /// The step in flight.
    pub flight: Option<Flight>,
    /// The open gate.
    pub gate: Option<Gate>,
    /// Gates opened so far.
    pub gates: u32,
    /// A request that was not carried out yet.
    pub request: Option<Request>,
    /// The boot last seen.
    pub boot: Option<BootIdentity>,
    /// Restarts asked for.
    pub restarts: u32,
    /// Events so far; unknown ones are counted too.
    pub events: u64,
    /// Events after which a person is asked whether this leads anywhere.
    pub patience: u64,
    /// Mail.
    pub ledger: Ledger,
    /// What the canary had seen when that was written last.
    pub canary: Option<Box<CanarySummary>>,
    /// A person accepted that the mail budget is used up.
    pub budget_waived: bool,
    /// Version of the program that started it.
    pub engine: String,
    /// Version of the program that took it up, when that is not compatible and nobody accepted it yet.
    pub changed_engine: Option<String>,
    /// Time of the last event.
    pub last: Option<Timestamp>,
    /// When agents were last registered or unregistered, or may have been; transport loads that only at its next
    /// start.
    pub agents_changed: Option<Timestamp>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Events of kinds that this version does not know.
    pub unknown: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            plan: None,
            hash: Digest::ZERO,
            standing: Standing::Empty,
            direction: Direction::Forward,
            steps: Vec::new(),
            flight: None,
            gate: None,
            gates: 0,
            request: None,
            boot: None,
            restarts: 0,
            events: 0,
            patience: u64::MAX,
            ledger: Ledger::default(),
            canary: None,
            budget_waived: false,
            engine: String::new(),
            changed_engine: None,
            last: None,
            agents_changed: None,
            started: None,
            unknown: 0,
        }
    }
}

impl State {
    /// The plan's steps; none before it is planned.
    #[must_use]
    pub fn plan_steps(&self) -> &[Step] {
        self.plan.as_ref().map_or(&[], |plan| &plan.steps)
    }

    /// What a step produced for later ones.
    #[must_use]
    pub fn output(&self, step: &StepId) -> Option<&Snapshot> {
        match &self.steps.get(self.index(step)?)?.state {
            StepState::Done(outcome) => outcome.output.as_ref(),
            _ => None,
        }
    }

    /// The state that was saved before a step.
    #[must_use]
    pub fn before(&self, step: &StepId) -> Option<&Snapshot> {
        self.steps.get(self.index(step)?)?.before.as_ref()
    }

    /// The agents that scan mail: those of the plan until agents were registered again, which may have other names.
    #[must_use]
    pub fn scanners(&self) -> Vec<AgentId> {
        let registered =
            self.plan_steps().iter().zip(&self.steps).rev().find_map(|(step, progress)| {
                match (&step.operation, &progress.state) {
                    (
                        Operation::RegisterAgents { .. },
                        StepState::Done(Outcome { output: Some(Snapshot::Agents { agents, .. }), .. }),
                    ) => Some(agents),
                    _ => None,
                }
            });
        match registered {
            Some(agents) => {
                agents.iter().filter(|agent| agent.enabled).map(|agent| agent.id.clone()).collect()
            }
            None => self.plan.as_ref().map_or_else(Vec::new, |plan| plan.scanners.clone()),
        }
    }

    /// Whether a step after which there is no way back is done. A node that was given its order goes on by itself, and
    /// what it does is its own to take back.
    #[must_use]
    pub fn past_no_return(&self) -> bool {
        !planted!(NoReturnForgotten)
            && self.plan_steps().iter().zip(&self.steps).any(|(step, progress)| match step.operation {
                Operation::UpgradeNode { .. } => progress.begun,
                _ => step.no_return && matches!(progress.state, StepState::Done(_)),
            })
    }

    /// Why a request to turn back makes no sense now; `None` when it does.
    ///
    /// A half-done installation is no place to turn back at either: nobody but its installer can take it further or
    /// back. Once its next try failed a person is asked, and knows what they ask for.
    #[must_use]
    pub fn no_way_back(&self) -> Option<&'static str> {
        let half_way = |(step, progress): (&Step, &Progress)| {
            step.no_return && progress.half_done && !matches!(progress.state, StepState::Failed { .. })
        };
        if self.past_no_return() {
            Some("the new version is in place, and the way back ended there")
        } else if self.direction == Direction::Forward
            && self.plan_steps().iter().zip(&self.steps).any(half_way)
            && !planted!(NoReturnForgotten)
        {
            Some("the installer was interrupted half way, and only running it to its end leads on")
        } else {
            None
        }
    }

    /// Whether the upgrade acts on other machines, through a management server.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.is_elsewhere())
    }

    /// Whether the upgrade is a cluster's run, which has its nodes upgrade themselves.
    #[must_use]
    pub fn drives_nodes(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.drives_nodes())
    }

    /// Whether a step that touches mail was begun: from then on time counts, whatever the next step does.
    #[must_use]
    pub fn touched_mail(&self) -> bool {
        self.plan_steps()
            .iter()
            .zip(&self.steps)
            .any(|(step, progress)| step.mail.is_some() && progress.begun)
    }

    /// What the step in flight may have done to mail, and since when: the worst of it, from its intent on.
    #[must_use]
    pub fn mail_in_flight(&self) -> Option<(Timestamp, MailState)> {
        let flight = self.flight.as_ref().filter(|_| !self.is_elsewhere())?;
        let during = match self.plan_steps().get(flight.step)?.mail {
            // The way back restarts transport wherever it must load other agents.
            Some(_) if planted!(GapNotAssumed) => return None,
            None if planted!(WayBackGapNotAssumed) => return None,
            None if flight.undo && self.touched_mail() => MailState::DOWN,
            impact => impact?.during,
        };
        Some((flight.since, during))
    }

    /// The ledger for somebody who looks while a step is in flight: with what that step may have done, where nothing was
    /// recorded since it began.
    #[must_use]
    pub fn ledger_now(&self) -> Ledger {
        let mut ledger = self.ledger.clone();
        // What is held on purpose stays held; only who was away must also reckon with transport that somebody started.
        let held = self.holds_mail() && ledger.now().is_some_and(|now| now.flow == Flow::Held);
        if let Some((since, during)) = self.mail_in_flight().filter(|_| !held)
            && ledger.now().is_some_and(|now| !now.same(during))
            && ledger.changes().last().is_none_or(|last| last.at < since)
        {
            ledger.change(since, during, false);
        }
        ledger
    }

    /// Whether transport is held on purpose: a hold was begun and neither released nor undone.
    #[must_use]
    pub fn holds_mail(&self) -> bool {
        let mut held = false;
        for (step, progress) in self.plan_steps().iter().zip(&self.steps) {
            match step.operation {
                Operation::HoldMail { .. } => {
                    held = progress.begun && !matches!(progress.state, StepState::Undone(_));
                }
                Operation::ReleaseMail { .. } if matches!(progress.state, StepState::Done(_)) => held = false,
                _ => {}
            }
        }
        held
    }

    /// Whether a step changes agents, or may: an installer can register them by itself, and transport has not loaded
    /// them then.
    pub(super) fn changes_agents(&self, id: &StepId) -> bool {
        self.plan.as_ref().and_then(|plan| plan.step(id)).is_some_and(|step| {
            matches!(
                step.operation,
                Operation::UnregisterAgents { .. }
                    | Operation::RegisterAgents { .. }
                    | Operation::RunInstaller { .. }
                    | Operation::Uninstall { .. }
            )
        })
    }

    pub(super) fn index(&self, id: &StepId) -> Option<usize> {
        self.plan.as_ref()?.index(id)
    }
}
