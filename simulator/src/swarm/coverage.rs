//! What happened in many runs, and what never did: a search that does not meet a case says nothing about it.

use super::{Arena, Played};
use crate::explore::End;
use mailsec_core::{
    plan::{Observation, Operation},
    upgrade::{Event, Finish, Found, GateKind, Position, State, found},
};
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of gates.
const GATES: [GateKind; 8] = [
    GateKind::Planned,
    GateKind::Failed,
    GateKind::InDoubt,
    GateKind::UndoFailed,
    GateKind::Budget,
    GateKind::Restart,
    GateKind::Loop,
    GateKind::Changed,
];
/// Ways to end.
const ENDS: [Finish; 3] = [Finish::Succeeded, Finish::RolledBack, Finish::Abandoned];

/// How often each thing happened, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(pub BTreeMap<String, u64>);

impl Coverage {
    /// Of one run.
    #[must_use]
    pub fn of(played: &Played) -> Self {
        let mut seen = Self::default();
        for decision in played.trial.host.decisions().iter().filter(|decision| decision.value != 0) {
            match decision.point {
                true => seen.note(format!("crash: {}", decision.label)),
                false => seen.note(format!("turned out: {}, {}", decision.label, decision.value)),
            }
        }
        let mut state = State::default();
        for envelope in played.trial.envelopes() {
            let Some(event) = envelope.event.known() else { continue };
            seen.event(&state, event);
            state.apply(Position { at: envelope.at, engine: &envelope.engine }, event);
        }
        if let End::Finished(how) = &played.end {
            seen.note(end(*how));
        }
        seen
    }

    fn event(&mut self, state: &State, event: &Event) {
        match event {
            Event::Resumed { .. } => {
                self.note(row(found(state).map_or("between two steps", |found| found.row())));
            }
            Event::RestartProven { .. } => self.note(row(Found::RestartNewBoot.row())),
            Event::UnplannedRestart { .. } => self.note(row("restart that nobody asked for")),
            Event::StepObserved { step, observation } => {
                let operation = state.plan.as_ref().and_then(|plan| plan.step(step)).map(|s| &s.operation);
                if let Some(operation) = operation {
                    self.note(row(Found::Observed(observation, operation.on_partial()).row()));
                    self.note(observed(operation, observation));
                }
            }
            Event::StepFailed { failure, .. } | Event::UndoFailed { failure, .. } => {
                self.note(format!("failed with: {}", failure.code));
            }
            Event::GateOpened { why, .. } => self.note(gate(*why)),
            Event::Honoured { request } => self.note(format!("honoured: {request}")),
            Event::Declined { request, .. } => self.note(format!("declined: {request}")),
            _ => {}
        }
    }

    fn note(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Takes other runs in.
    pub fn add(&mut self, other: Self) {
        for (what, times) in other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// What could happen on these subjects.
    #[must_use]
    pub fn possible(arenas: &[Arena]) -> BTreeSet<String> {
        let rows = Found::ROWS.iter().chain(&["between two steps", "restart that nobody asked for"]);
        let mut all: BTreeSet<String> = rows.map(|found| row(found)).collect();
        all.extend(GATES.map(gate));
        all.extend(ENDS.map(end));
        let operations = arenas.iter().flat_map(|arena| &arena.subject.planned().plan.steps);
        for operation in operations.map(|step| &step.operation).filter(|o| !o.only_looks() && !o.asks()) {
            let evidence = Vec::new;
            all.extend(
                [
                    Observation::Applied(Default::default()),
                    Observation::NotApplied { evidence: evidence() },
                    Observation::Partial { evidence: evidence() },
                    Observation::Unknown { evidence: evidence() },
                ]
                .map(|observation| observed(operation, &observation)),
            );
        }
        all
    }

    /// What could have happened and did not.
    #[must_use]
    pub fn never(&self, arenas: &[Arena]) -> Vec<String> {
        Self::possible(arenas).into_iter().filter(|what| !self.0.contains_key(what)).collect()
    }
}

fn row(found: &str) -> String {
    format!("recovery: {found}")
}

fn gate(why: GateKind) -> String {
    format!("gate: {why:?}").to_lowercase()
}

fn end(how: Finish) -> String {
    format!("ended: {how:?}").to_lowercase()
}

fn observed(operation: &Operation, observation: &Observation) -> String {
    let name = match operation {
        Operation::Vendor { name, .. } => name,
        other => other.word(),
    };
    let seen = match observation {
        Observation::Applied(_) => "applied",
        Observation::NotApplied { .. } => "not applied",
        Observation::Partial { .. } => "partial",
        Observation::Unknown { .. } => "unknown",
    };
    format!("observed: {name}, {seen}")
}
