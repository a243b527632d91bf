//! What happens next: a total function of the state, without clock, files or luck.

use super::{
    Direction, Finish, Flight, Found, GateKind, Progress, Request, Standing, State, StepState, Then, gates,
    recover,
};
use crate::planted::planted;
use crate::{
    failure::Remedy,
    host::InstallerOutcome,
    plan::{Choice, Observation, Operation, Question, RestartWhen, Snapshot, Step, Undo},
};
use std::time::Duration;

/// The next thing to do. Steps are positions in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// There is no plan yet.
    NoPlan,
    /// Record that it starts.
    Start,
    /// Wait, then read the state before the step, make the intent durable, and run it.
    Run {
        /// Which.
        step: usize,
        /// How long to wait first, after a failed try.
        wait: Duration,
    },
    /// The person has answered; verify what was done.
    Verify {
        /// Which.
        step: usize,
    },
    /// A crash or a failure: ask the server what is there of the step.
    Observe {
        /// Which.
        step: usize,
    },
    /// Leave the step out.
    Skip {
        /// Which.
        step: usize,
        /// Why.
        why: String,
    },
    /// Make the intent to restart durable, and ask for the restart.
    Restart {
        /// Which.
        step: usize,
    },
    /// A restart was asked for; see whether it happened.
    AwaitRestart {
        /// Which.
        step: usize,
    },
    /// Open a gate.
    Ask(Asked),
    /// Have the vendor make its question, then open a gate.
    AskVendor {
        /// Which.
        step: usize,
    },
    /// A gate is open.
    AwaitAnswer,
    /// Turn back.
    TurnBack {
        /// Why.
        why: String,
    },
    /// Undo a step, after a wait.
    Undo {
        /// Which.
        step: usize,
        /// How long to wait first.
        wait: Duration,
    },
    /// Nothing to undo, or kept on purpose: record that.
    Keep {
        /// Which.
        step: usize,
        /// Why.
        why: String,
    },
    /// Carry out a request.
    Honour(Request),
    /// Say no to a request.
    Decline(Request, String),
    /// A person paused it.
    Paused,
    /// Record how it ended.
    Finish(Finish),
    /// It is over.
    Ended(Finish),
}

/// A gate to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The step it belongs to.
    pub step: usize,
    /// Why.
    pub why: GateKind,
    /// What is asked.
    pub question: Question,
    /// Answers that it takes.
    pub choices: Vec<Choice>,
}

/// What happens next.
#[must_use]
pub fn next(state: &State) -> Next {
    match state.standing {
        Standing::Empty => return Next::NoPlan,
        Standing::Finished(how) => return Next::Ended(how),
        Standing::Planned => return state.request.map_or(Next::Start, |request| honour(state, request)),
        Standing::Running | Standing::Paused => {}
    }
    let waits = |flight: &Flight| waits_for_person(state, flight) || goes_on_elsewhere(state, flight);
    let safe = state.gate.is_some() || state.flight.as_ref().is_none_or(waits);
    if let Some(request) = state.request.filter(|_| safe) {
        return honour(state, request);
    }
    if state.standing == Standing::Paused {
        return Next::Paused;
    }
    if state.gate.is_some() && recover(Found::GateOpen) == Then::Wait {
        return Next::AwaitAnswer;
    }
    if let Some(engine) = &state.changed_engine {
        return gates::changed(state, current(state), engine);
    }
    if state.events >= state.patience {
        return gates::too_long(state, current(state));
    }
    if let Some(flight) = &state.flight {
        return in_flight(state, flight);
    }
    match &state.direction {
        Direction::Forward => forward(state),
        Direction::Back(_) => back(state),
    }
}

/// The step that the upgrade stands at.
fn current(state: &State) -> usize {
    let todo = |progress: &Progress| matches!(progress.state, StepState::Todo | StepState::Failed { .. });
    state
        .flight
        .as_ref()
        .map(|flight| flight.step)
        .or_else(|| state.steps.iter().position(todo))
        .unwrap_or(state.steps.len().saturating_sub(1))
}

fn waits_for_person(state: &State, flight: &Flight) -> bool {
    let asks = state.plan_steps().get(flight.step).is_some_and(|step| step.operation.asks());
    asks && !flight.undo && !flight.answered
}

fn goes_on_elsewhere(state: &State, flight: &Flight) -> bool {
    let elsewhere =
        state.plan_steps().get(flight.step).is_some_and(|step| step.operation.goes_on_elsewhere());
    elsewhere && !flight.undo
}

fn honour(state: &State, request: Request) -> Next {
    match request {
        Request::Cancel | Request::RollBack => match state.no_way_back() {
            Some(why) => Next::Decline(request, why.to_owned()),
            None if matches!(state.direction, Direction::Back(_)) => {
                Next::Decline(request, "it is being rolled back already".to_owned())
            }
            None => Next::TurnBack { why: format!("a person asked to {request}") },
        },
        Request::Abandon => Next::Finish(Finish::Abandoned),
        Request::Pause | Request::Resume => Next::Honour(request),
    }
}

/// What a process that takes the upgrade up finds of the step in flight; `None` between two steps.
#[must_use]
pub fn found(state: &State) -> Option<Found<'static>> {
    if state.gate.is_some() {
        return Some(Found::GateOpen);
    }
    let flight = state.flight.as_ref()?;
    let step = state.plan_steps().get(flight.step)?;
    Some(of_flight(flight, step))
}

fn of_flight(flight: &Flight, step: &Step) -> Found<'static> {
    if flight.undo {
        Found::Undo
    } else if flight.restart.is_some() {
        // The boot identity is the driver's to compare.
        Found::RestartSameBoot
    } else if flight.answered {
        Found::GateAnswered
    } else if step.operation.asks() {
        Found::Unasked
    } else {
        Found::Intent { only_looks: step.operation.only_looks() }
    }
}

fn in_flight(state: &State, flight: &Flight) -> Next {
    let Some(step) = state.plan_steps().get(flight.step) else { return Next::NoPlan };
    match recover(of_flight(flight, step)) {
        Then::Run => run(state, flight.step, Duration::ZERO),
        Then::Verify => Next::Verify { step: flight.step },
        Then::AwaitRestart | Then::Proven => Next::AwaitRestart { step: flight.step },
        Then::Ask => match step.operation.question() {
            Some(question) => Next::Ask(gates::planned(state, flight.step, question.clone())),
            None => Next::AskVendor { step: flight.step },
        },
        Then::Observe | Then::CountAsDone | Then::Wait => Next::Observe { step: flight.step },
    }
}

fn forward(state: &State) -> Next {
    for (index, (step, progress)) in state.plan_steps().iter().zip(&state.steps).enumerate() {
        match &progress.state {
            StepState::Done(_) | StepState::Skipped(_) | StepState::Undone(_) => {}
            StepState::Todo => return begin(state, index, step),
            StepState::Failed { failure, attempt, observed } => {
                return failed(state, index, step, failure.remedy, *attempt, observed.as_ref());
            }
        }
    }
    Next::Finish(Finish::Succeeded)
}

fn begin(state: &State, index: usize, step: &Step) -> Next {
    if let Operation::Restart { when: RestartWhen::NeededBy(installer) } = &step.operation
        && !asked_for_restart(state, installer)
    {
        return Next::Skip { step: index, why: format!("{installer} did not ask for a restart") };
    }
    if (step.mail.is_some() || state.touched_mail()) && !state.past_no_return() && over_budget(state) {
        return gates::budget(state, index);
    }
    if let Operation::Restart { .. } = step.operation {
        let limit = state.plan.as_ref().map_or(0, |plan| plan.limits.restarts);
        if state.restarts >= limit && state.steps[index].begins > 0 {
            return gates::restart(state, index);
        }
    }
    run(state, index, Duration::ZERO)
}

fn run(state: &State, index: usize, wait: Duration) -> Next {
    let limit = state.plan.as_ref().map_or(0, |plan| plan.limits.begins_per_step);
    let Some(step) = state.plan_steps().get(index) else { return Next::NoPlan };
    if state.steps[index].begins >= limit {
        return gates::tried_too_often(state, index);
    }
    match step.operation {
        Operation::Restart { .. } => Next::Restart { step: index },
        _ => Next::Run { step: index, wait },
    }
}

fn failed(
    state: &State,
    index: usize,
    step: &Step,
    remedy: Remedy,
    attempt: u32,
    observed: Option<&Observation>,
) -> Next {
    let failures = state.steps[index].failures;
    // A person did something that does not verify: ask again.
    if step.operation.asks() && remedy == Remedy::Ask {
        return run(state, index, Duration::ZERO);
    }
    if remedy == Remedy::Retry && failures > 0 && failures < step.retry.attempts {
        return run(state, index, step.retry.wait_after(failures));
    }
    if matches!(step.operation, Operation::Restart { .. }) {
        return gates::restart(state, index);
    }
    if !step.operation.only_looks() && observed.is_none() {
        return Next::Observe { step: index };
    }
    match observed {
        Some(Observation::Unknown { .. }) => return gates::in_doubt(state, index),
        Some(Observation::Partial { .. }) if attempt == 0 || step.no_return => {
            return gates::in_doubt(state, index);
        }
        _ => {}
    }
    if remedy == Remedy::Ask || state.past_no_return() {
        return gates::failed(state, index);
    }
    Next::TurnBack { why: format!("{} failed", step.id) }
}

fn back(state: &State) -> Next {
    for (index, (step, progress)) in state.plan_steps().iter().zip(&state.steps).enumerate().rev() {
        if !progress.begun
            || (planted!(FailedStepNotUndone) && matches!(progress.state, StepState::Failed { .. }))
        {
            continue;
        }
        match &progress.state {
            StepState::Undone(_) => continue,
            // One that was begun before a person left it out may have left something behind.
            StepState::Skipped(_) if step.undo != Undo::Reverse => continue,
            StepState::Failed { observed: None, .. }
                if !step.operation.only_looks() && step.undo == Undo::Reverse =>
            {
                return Next::Observe { step: index };
            }
            _ => {}
        }
        return match &step.undo {
            Undo::Nothing => Next::Keep { step: index, why: "it only looked".to_owned() },
            Undo::Keep(why) => Next::Keep { step: index, why: why.clone() },
            Undo::Reverse => undo(state, index, step, progress),
        };
    }
    Next::Finish(Finish::RolledBack)
}

fn undo(state: &State, index: usize, step: &Step, progress: &Progress) -> Next {
    let limit = state.plan.as_ref().map_or(0, |plan| plan.limits.begins_per_step);
    match &progress.undo_failed {
        Some((attempt, failure))
            if failure.remedy == Remedy::Retry && *attempt < step.retry.attempts.max(2) =>
        {
            Next::Undo { step: index, wait: step.retry.wait_after(*attempt) }
        }
        Some(_) => gates::undo_failed(state, index),
        None if progress.begins >= limit.saturating_mul(2) => gates::undo_failed(state, index),
        None => Next::Undo { step: index, wait: Duration::ZERO },
    }
}

fn asked_for_restart(state: &State, installer: &crate::values::StepId) -> bool {
    matches!(
        state.output(installer),
        Some(Snapshot::Installer {
            outcome: InstallerOutcome::RestartNeeded | InstallerOutcome::RestartBegun,
            ..
        })
    )
}

fn over_budget(state: &State) -> bool {
    let (Some(plan), Some(last)) = (&state.plan, state.last) else { return false };
    !state.budget_waived && !state.ledger.totals_at(last).within(&plan.budget)
}
