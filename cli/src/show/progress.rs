//! Progress while an upgrade runs, to stderr: a line for what happened, and on a terminal a moving one for what is
//! happening.

use super::text::span;
use crate::output::say;
use indicatif::{ProgressBar, ProgressStyle};
use mailsec_core::{
    engine::Watcher,
    journal::Envelope,
    plan::{MailState, Observation, Step},
    upgrade::{Event, State},
    values::{StepId, Timestamp},
};
use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

/// Shows events as they become durable.
pub(crate) struct Progress {
    numbers: BTreeMap<StepId, (usize, String)>,
    count: usize,
    began: BTreeMap<StepId, Timestamp>,
    mail: Option<MailState>,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(state: &State) -> Self {
        let numbers = state
            .plan_steps()
            .iter()
            .enumerate()
            .map(|(index, step)| (step.id.clone(), (index + 1, step.title.clone())))
            .collect();
        Self {
            numbers,
            count: state.plan_steps().len(),
            began: BTreeMap::new(),
            mail: state.ledger.now(),
            bar: None,
        }
    }

    fn line(&mut self, text: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        say(text);
    }

    fn step(&mut self, at: Timestamp, id: &StepId, mark: &str, what: &str) {
        let (number, title) = self.numbers.get(id).cloned().unwrap_or((0, id.to_string()));
        let took = self.began.remove(id).map(|began| at.since(began).as_millis()).unwrap_or_default();
        let took = match u64::try_from(took) {
            Ok(ms) if ms >= 1000 => format!(" ({})", span(ms)),
            _ => String::new(),
        };
        self.line(&format!("  {mark} {number:>2}/{} {title}{took}", self.count));
        if !what.is_empty() {
            say(&format!("          {what}"));
        }
    }
}

impl Watcher for Progress {
    fn recorded(&mut self, envelope: &Envelope, _state: &State) {
        let Some(event) = envelope.event.known() else { return };
        let at = envelope.at;
        match event {
            Event::StepIntended { step, .. } | Event::RestartIntended { step, .. } => {
                self.began.insert(step.clone(), at);
            }
            Event::StepApplied { step, outcome } => self.step(at, step, "done   ", &outcome.summary),
            Event::StepObserved { step, observation: Observation::Applied(outcome) } => {
                self.step(at, step, "found  ", &format!("{}; it does not run twice", outcome.summary));
            }
            Event::StepObserved { step, observation } => {
                self.step(at, step, "looked ", &format!("the server shows it as {}", observation.word()));
            }
            Event::StepFailed { step, failure, .. } => self.step(at, step, "FAILED ", &failure.to_string()),
            Event::StepSkipped { step, why } => self.step(at, step, "skipped", why),
            Event::UndoApplied { step, outcome } => self.step(at, step, "undone ", &outcome.summary),
            Event::UndoFailed { step, failure, .. } => {
                self.step(at, step, "UNDO FAILED", &failure.to_string())
            }
            Event::RollbackBegun { why } => self.line(&format!("The way back begins: {why}.")),
            Event::Resumed { found, .. } => self.line(&format!("Taken up again: {found}.")),
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
            Event::Requested { request, by, .. } => self.line(&format!("{by} asks to {request}.")),
            Event::Declined { request, why } => self.line(&format!("Not done: {request}, because {why}.")),
            Event::CanaryWatched { summary } if summary.alarms() > 0 => {
                self.line(&format!("          canary: {} ALARMS; see the report", summary.alarms()));
            }
            Event::CanaryWatched { .. }
            | Event::Planned { .. }
            | Event::Rehearsed(_)
            | Event::Started { .. }
            | Event::UndoIntended { .. }
            | Event::GateOpened { .. }
            | Event::GateEntered { .. }
            | Event::GateAnswered { .. }
            | Event::Honoured { .. }
            | Event::Finished { .. } => {}
        }
    }

    fn running(&mut self, step: &Step, undo: bool) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(if undo { format!("taking back: {}", step.title) } else { step.title.clone() });
        bar.enable_steady_tick(Duration::from_millis(120));
        self.bar = Some(bar);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
