//! The fold: how each event changes the state. Total: an event that does not fit changes nothing but the count.

use super::state::{Direction, Flight, Gate, Position, Progress, Standing, State, StepState};
use super::{Event, Found, GateKind, Request, Then, recover};
use crate::{
    failure::{Code, Failure},
    host::BootIdentity,
    plan::{Choice, Observation, Outcome},
    planted::planted,
    values::{StepId, Timestamp},
};
use std::sync::Arc;

impl State {
    /// An event of a kind that this version does not know: counted, otherwise passed over.
    pub fn pass_over(&mut self) {
        self.events += 1;
        self.unknown += 1;
    }

    /// Folds one event in. Total: an event that does not fit changes nothing but the count.
    pub fn apply(&mut self, position: Position<'_>, event: &Event) {
        self.events += 1;
        self.last = Some(position.at);
        // From the intent on, because a crash may hide what was changed after it.
        if let Event::StepIntended { step, .. }
        | Event::StepApplied { step, .. }
        | Event::StepObserved { step, .. }
        | Event::UndoIntended { step, .. }
        | Event::UndoApplied { step, .. }
        | Event::UndoFailed { step, .. }
        | Event::StepFailed { step, .. } = event
            && self.changes_agents(step)
        {
            self.agents_changed = Some(position.at);
        }
        match event {
            Event::Planned { plan, hash } => {
                self.steps = vec![Progress::default(); plan.steps.len()];
                self.patience = plan.limits.transitions;
                self.plan = Some(Arc::clone(plan));
                self.hash = *hash;
                self.standing = Standing::Planned;
                self.flight = None;
                self.gate = None;
            }
            // For the report; it changes nothing of what happens.
            Event::Rehearsed(_) => {}
            Event::Started { boot, mail, .. } => {
                self.standing = Standing::Running;
                self.started = Some(position.at);
                self.boot = Some(boot.clone());
                position.engine.clone_into(&mut self.engine);
                if !self.is_elsewhere() {
                    self.ledger.change(position.at, *mail, true);
                }
            }
            Event::Resumed { boot, .. } => {
                self.boot = Some(boot.clone());
                let changed = !self.engine.is_empty() && !compatible(&self.engine, position.engine);
                self.changed_engine = changed.then(|| position.engine.to_owned());
            }
            Event::StepIntended { step, attempt, before } => {
                self.begin(step, position.at, *attempt, false, None);
                if let Some(progress) = self.progress(step)
                    && (progress.before.is_none() || planted!(SnapshotTakenAgain))
                {
                    progress.before.clone_from(before);
                }
            }
            Event::StepApplied { step, outcome } => self.done(step, outcome),
            Event::StepObserved { step, observation } => self.observed(step, observation),
            Event::StepFailed { step, attempt, failure } => {
                self.land(step);
                if let Some(progress) = self.progress(step) {
                    progress.failures += 1;
                    progress.state =
                        StepState::Failed { failure: failure.clone(), attempt: *attempt, observed: None };
                }
            }
            Event::StepSkipped { step, why } => {
                self.land(step);
                self.set(step, StepState::Skipped(why.clone()));
            }
            Event::RollbackBegun { why } => self.turn_back(why),
            Event::UndoIntended { step, attempt } => self.begin(step, position.at, *attempt, true, None),
            Event::UndoApplied { step, outcome } => {
                self.land(step);
                self.set(step, StepState::Undone(outcome.clone()));
                if let Some(progress) = self.progress(step) {
                    progress.undo_failed = None;
                }
            }
            Event::UndoFailed { step, attempt, failure } => {
                self.land(step);
                if let Some(progress) = self.progress(step) {
                    progress.undo_failed = Some((*attempt, failure.clone()));
                }
            }
            Event::GateOpened { gate, step, why, question, choices } => {
                self.gates += 1;
                if let Some(step) = self.index(step) {
                    self.gate = Some(Gate {
                        id: gate.clone(),
                        step,
                        why: *why,
                        question: question.clone(),
                        choices: choices.clone(),
                        entered: false,
                        since: position.at,
                    });
                }
            }
            Event::GateEntered { gate } => {
                if let Some(open) = self.gate.as_mut().filter(|open| open.id == *gate) {
                    open.entered = true;
                }
            }
            Event::GateAnswered { gate, choice, by, items, .. } => {
                if let Some(open) =
                    self.gate.take_if(|open| open.id == *gate && open.admit(*choice, items).is_ok())
                {
                    self.answered(&open, *choice, &by.0);
                }
            }
            Event::RestartIntended { step, boot, attempt } => {
                self.restarts += 1;
                self.begin(step, position.at, *attempt, false, Some(boot.clone()));
            }
            Event::RestartProven { step, before, after } => {
                self.boot = Some(after.clone());
                let outcome = Outcome {
                    summary: "the server restarted".to_owned(),
                    changed: true,
                    evidence: vec![crate::plan::Evidence::new(
                        "boot identity",
                        format!("{before} -> {after}"),
                    )],
                    output: None,
                };
                self.done(step, &outcome);
                // Somebody restarted the server by hand, as the gate asked.
                self.gate.take_if(|gate| gate.why == GateKind::Restart);
            }
            Event::UnplannedRestart { after, .. } => {
                self.boot = Some(after.clone());
                if let Some(flight) = self.flight.as_mut() {
                    flight.booted = true;
                }
            }
            Event::MailFlowChanged { at, mail, seen, .. } => self.ledger.change(*at, *mail, *seen),
            // For the report, and so that it is written again only when there is more of it.
            Event::CanaryWatched { summary } => self.canary = Some(summary.clone()),
            Event::Requested { request: Request::Resume, .. } => {
                if self.standing == Standing::Paused {
                    let begun = self.started.is_some();
                    self.standing = if begun { Standing::Running } else { Standing::Planned };
                }
                if self.request == Some(Request::Pause) {
                    self.request = None;
                }
            }
            Event::Requested { request, .. } => self.request = Some(*request),
            Event::Declined { .. } => self.request = None,
            Event::Honoured { request } => {
                self.request = None;
                if *request == Request::Pause {
                    self.standing = Standing::Paused;
                }
            }
            Event::Finished { how } => {
                self.standing = Standing::Finished(*how);
                self.flight = None;
                self.gate = None;
                self.request = None;
            }
        }
    }

    fn progress(&mut self, step: &StepId) -> Option<&mut Progress> {
        let index = self.index(step)?;
        self.steps.get_mut(index)
    }

    fn set(&mut self, step: &StepId, state: StepState) {
        if let Some(progress) = self.progress(step) {
            progress.state = state;
        }
    }

    fn begin(
        &mut self,
        id: &StepId,
        since: Timestamp,
        attempt: u32,
        undo: bool,
        restart: Option<BootIdentity>,
    ) {
        let Some(step) = self.index(id) else { return };
        if let Some(progress) = self.steps.get_mut(step) {
            progress.begins += 1;
            progress.begun = true;
        }
        self.flight = Some(Flight {
            step,
            undo,
            attempt,
            since,
            restart,
            booted: false,
            answered: false,
            wants_restart: false,
        });
    }

    fn land(&mut self, step: &StepId) {
        let index = self.index(step);
        self.flight.take_if(|flight| Some(flight.step) == index);
    }

    fn done(&mut self, step: &StepId, outcome: &Outcome) {
        self.land(step);
        if let Some(progress) = self.progress(step) {
            progress.failures = 0;
            progress.half_done = false;
            progress.state = StepState::Done(outcome.clone());
        }
        self.turn_forward_past_no_return();
    }

    /// Beyond the point of no return there is only forward, even when the step that crosses it was found done on
    /// the way back: a person may have run an installer that they were asked to run.
    fn turn_forward_past_no_return(&mut self) {
        if self.direction != Direction::Forward && self.past_no_return() {
            self.direction = Direction::Forward;
            for progress in &mut self.steps {
                if matches!(progress.state, StepState::Undone(_)) {
                    progress.state = StepState::Todo;
                }
            }
        }
    }

    fn observed(&mut self, id: &StepId, observation: &Observation) {
        let undoing = self.flight.as_ref().is_some_and(|flight| flight.undo);
        self.land(id);
        let Some(plan) = self.plan.clone() else { return };
        let Some(on_partial) = plan.step(id).map(|step| step.operation.on_partial()) else { return };
        let Some(progress) = self.progress(id) else { return };
        progress.half_done = matches!(observation, Observation::Partial { .. });
        if undoing {
            if let Observation::NotApplied { evidence } = observation {
                progress.state = StepState::Undone(Outcome {
                    summary: "found taken back already".to_owned(),
                    changed: false,
                    evidence: evidence.clone(),
                    output: None,
                });
            }
            return;
        }
        let then = recover(Found::Observed(observation, on_partial));
        progress.state = match (observation, then, std::mem::take(&mut progress.state)) {
            (Observation::Applied(outcome), _, _) => {
                progress.failures = 0;
                StepState::Done(outcome.clone())
            }
            // After a failure the observation only tells what is left of it.
            (_, _, StepState::Failed { failure, attempt, .. }) => {
                StepState::Failed { failure, attempt, observed: Some(observation.clone()) }
            }
            (_, Then::Run, _) => StepState::Todo,
            (_, Then::CountAsDone, _) => StepState::Done(Outcome::default()),
            (_, _, _) => StepState::Failed {
                failure: Failure::new(Code::InDoubt, "a crash left this step in doubt"),
                attempt: 0,
                observed: Some(observation.clone()),
            },
        };
        self.turn_forward_past_no_return();
    }

    fn turn_back(&mut self, why: &str) {
        self.direction = Direction::Back(why.to_owned());
        if self.standing == Standing::Planned || self.standing == Standing::Paused {
            self.standing = Standing::Running;
        }
        self.gate = None;
        self.request = None;
        // A step that waits for a person is not being executed; but the person may have done what was asked.
        if let Some(flight) = self.flight.take()
            && let Some(progress) = self.steps.get_mut(flight.step)
        {
            progress.state = StepState::Failed {
                failure: Failure::new(
                    Code::RequestRefused,
                    "the upgrade was turned back while this step waited",
                ),
                attempt: flight.attempt,
                observed: None,
            };
        }
    }

    fn answered(&mut self, gate: &Gate, choice: Choice, by: &str) {
        match choice {
            Choice::RollBack => self.request = Some(Request::RollBack),
            Choice::Abandon => self.request = Some(Request::Abandon),
            Choice::Done | Choice::DoneRestart | Choice::Continue | Choice::Retry
                if gate.why == GateKind::Planned =>
            {
                if let Some(flight) = self.flight.as_mut().filter(|flight| flight.step == gate.step) {
                    flight.answered = true;
                    flight.wants_restart = choice == Choice::DoneRestart;
                    // Of boots before the answer the person knew.
                    flight.booted = false;
                }
            }
            Choice::Continue => match gate.why {
                GateKind::Budget => self.budget_waived = true,
                GateKind::Changed => {
                    if let Some(accepted) = self.changed_engine.take() {
                        self.engine = accepted;
                    }
                }
                _ => {
                    let allowance = self.plan.as_ref().map_or(0, |plan| plan.limits.transitions);
                    self.patience = self.events.saturating_add(allowance);
                    self.again(gate.step);
                }
            },
            Choice::Retry | Choice::Done | Choice::DoneRestart => self.again(gate.step),
            Choice::CountAsDone | Choice::Skip => {
                self.flight.take_if(|flight| flight.step == gate.step);
                let Some(progress) = self.steps.get_mut(gate.step) else { return };
                progress.undo_failed = None;
                let outcome = Outcome {
                    summary: format!(
                        "{} by {by}",
                        if choice == Choice::Skip { "left" } else { "counted as done" }
                    ),
                    ..Outcome::default()
                };
                progress.state = match (self.direction.clone(), choice) {
                    (Direction::Back(_), _) => StepState::Undone(outcome),
                    (Direction::Forward, Choice::Skip) => StepState::Skipped(format!("left out by {by}")),
                    (Direction::Forward, _) => StepState::Done(outcome),
                };
            }
        }
    }

    /// A person said "again": counters start anew.
    fn again(&mut self, step: usize) {
        if let Some(progress) = self.steps.get_mut(step) {
            progress.begins = 0;
            progress.failures = 0;
            progress.undo_failed = None;
            if self.direction == Direction::Forward && matches!(progress.state, StepState::Failed { .. }) {
                progress.state = StepState::Todo;
            }
        }
    }
}

/// Versions of the program that may take up each other's upgrades: the same release line (`0.1`, `1`).
fn compatible(one: &str, other: &str) -> bool {
    fn line(version: &str) -> Option<(u64, u64)> {
        let mut parts = version.split(['.', '-', '+']).map(|part| part.parse::<u64>().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        Some((major, if major == 0 { minor } else { 0 }))
    }
    line(one).is_some() && line(one) == line(other)
}
