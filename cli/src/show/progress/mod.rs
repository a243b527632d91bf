//! Progress while an upgrade runs, to stderr: a line for what happened, and on a terminal two moving ones for what is
//! happening.

mod live;

pub(crate) use live::mail_line;
pub(super) use live::{mail, next_question};

use super::text::{span, wrap};
use crate::output::{moving, say};
use live::Scene;
use mailsec_core::{
    engine::Watcher,
    journal::Envelope,
    plan::{MailState, Observation, Phase, Step, Undo},
    upgrade::{Direction, Event, NO_WAY_BACK, State},
    values::{StepId, Timestamp},
};
use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

/// Shows events as they become durable.
pub(crate) struct Progress {
    steps: BTreeMap<StepId, (usize, Phase, String)>,
    began: BTreeMap<StepId, Timestamp>,
    mail: Option<MailState>,
    phase: Option<Phase>,
    state: State,
    speed: u32,
    /// Something moves.
    live: bool,
    /// It is on its way back.
    back: bool,
}

impl Progress {
    /// From a state on; on a server whose time passes so many times faster than ours.
    pub(crate) fn new(state: &State, speed: u32) -> Self {
        let steps = state.plan_steps().iter().enumerate();
        let flight = state.flight.as_ref();
        let began = flight.and_then(|flight| {
            state.plan_steps().get(flight.step).map(|step| (step.id.clone(), flight.since))
        });
        Self {
            steps: steps
                .map(|(at, step)| (step.id.clone(), (at + 1, step.phase, step.title.clone())))
                .collect(),
            began: began.into_iter().collect(),
            mail: state.ledger.now(),
            phase: None,
            state: state.clone(),
            speed,
            live: false,
            back: matches!(state.direction, Direction::Back(_)),
        }
    }

    /// Shows on a terminal the step that another process runs, since so long.
    pub(crate) fn runs(&mut self, already: Duration) {
        let Some(flight) = self.state.flight.clone().filter(|_| !self.live) else { return };
        let Some(step) = self.state.plan_steps().get(flight.step).cloned() else { return };
        self.begin(&step, flight.undo, flight.since, already);
    }

    /// Shows nothing that moves any more: no process runs the step.
    pub(crate) fn rests(&mut self) {
        self.still();
    }

    fn begin(&mut self, step: &Step, undo: bool, since: Timestamp, already: Duration) {
        if std::io::stderr().is_terminal() {
            let scene = Scene::new(&self.state, step, undo, since, self.speed).already(already);
            moving(Some(Box::new(scene)));
            self.live = true;
        }
    }

    /// A line, where the moving ones were.
    fn line(&mut self, text: &str) {
        self.still();
        say(text);
    }

    fn still(&mut self) {
        if std::mem::take(&mut self.live) {
            moving(None);
        }
    }

    /// A sentence.
    fn tell(&mut self, text: &str) {
        self.line(wrap("", "  ", text).trim_end());
    }

    /// The phase that a step belongs to, when that is another than before.
    fn heading(&mut self, id: &StepId) {
        let Some((_, phase, _)) = self.steps.get(id) else { return };
        let phase = *phase;
        if self.phase.replace(phase) != Some(phase) {
            self.line(&phase.to_string());
        }
    }

    fn passes_no_return(&mut self, id: &StepId) {
        let step = self.state.plan.as_ref().and_then(|plan| plan.step(id));
        if step.is_some_and(|step| step.no_return) && std::mem::take(&mut self.back) {
            self.tell(&format!("Not taken back: {NO_WAY_BACK}"));
        }
    }

    fn step(&mut self, at: Timestamp, id: &StepId, mark: &str, what: &str) {
        let known = self.steps.get(id).cloned();
        self.heading(id);
        let (number, title) = known.map_or((0, id.to_string()), |(number, _, title)| (number, title));
        let took = self.began.remove(id).map(|began| at.since(began).as_millis()).unwrap_or_default();
        let took = match u64::try_from(took) {
            Ok(ms) if ms >= 1000 => format!(" ({})", span(ms)),
            _ => String::new(),
        };
        let head = format!("  {mark} {number:>2}/{} ", self.steps.len());
        self.line(wrap(&head, "          ", &format!("{title}{took}")).trim_end());
        if !what.is_empty() {
            say(wrap("          ", "          ", what).trim_end());
        }
    }
}

impl Watcher for Progress {
    fn recorded(&mut self, envelope: &Envelope, state: &State) {
        self.state.clone_from(state);
        let Some(event) = envelope.event.known() else { return };
        let at = envelope.at;
        match event {
            Event::StepIntended { step, .. } | Event::RestartIntended { step, .. } => {
                self.began.insert(step.clone(), at);
                // What happens to mail on the way belongs below it.
                self.heading(step);
            }
            Event::StepApplied { step, outcome } => {
                self.step(at, step, "done   ", &outcome.summary);
                self.passes_no_return(step);
            }
            Event::StepObserved { step, observation: Observation::Applied(outcome) } => {
                self.step(at, step, "found  ", &format!("{}; it does not run twice", outcome.summary));
                self.passes_no_return(step);
            }
            Event::StepObserved { step, observation } => {
                self.step(at, step, "looked ", &format!("the server shows it as {}", observation.word()));
            }
            Event::StepFailed { step, failure, .. } => self.step(at, step, "FAILED ", &failure.to_string()),
            Event::StepSkipped { step, why } => self.step(at, step, "skipped", why),
            Event::UndoIntended { step, .. } => self.heading(step),
            Event::UndoApplied { step, outcome } => {
                let plan = self.state.plan.as_ref();
                let undo = plan.and_then(|plan| plan.step(step)).map(|step| &step.undo);
                let mark = if undo == Some(&Undo::Reverse) { "undone " } else { "kept   " };
                self.step(at, step, mark, &outcome.summary);
            }
            Event::UndoFailed { step, failure, .. } => {
                self.step(at, step, "UNDO FAILED", &failure.to_string())
            }
            Event::RollbackBegun { why } => {
                self.back = true;
                self.tell(&format!("The way back begins: {why}."));
            }
            Event::Resumed { found, .. } => self.tell(&format!("Taken up again: {found}.")),
            Event::RestartProven { step, .. } => {
                self.step(at, step, "done   ", "another boot identity proves the restart")
            }
            Event::UnplannedRestart { .. } => self.line("The server restarted by itself."),
            Event::MailFlowChanged { mail, seen, .. } => {
                if self.mail.is_none_or(|last| !last.same(*mail)) {
                    let how = if *seen { "" } else { " (assumed: nobody saw it)" };
                    self.line(&format!("          mail: {mail}{how}"));
                }
                self.mail = Some(*mail);
            }
            Event::Requested { request, by, .. } => self.tell(&format!("{by} asks to {request}.")),
            Event::Declined { request, why } => self.tell(&format!("Not done: {request}, because {why}.")),
            Event::CanaryWatched { summary } if summary.alarms() > 0 => {
                self.line(&format!("          canary: {} ALARMS; see the report", summary.alarms()));
            }
            Event::CanaryWatched { .. }
            | Event::Planned { .. }
            | Event::Rehearsed(_)
            | Event::Started { .. }
            | Event::GateOpened { .. }
            | Event::GateEntered { .. }
            | Event::GateAnswered { .. }
            | Event::Honoured { .. }
            | Event::Finished { .. } => {}
        }
    }

    fn running(&mut self, step: &Step, undo: bool) {
        let since =
            self.began.get(&step.id).copied().or(self.state.last).unwrap_or(Timestamp::from_millis(0));
        self.begin(step, undo, since, Duration::ZERO);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.still();
    }
}
