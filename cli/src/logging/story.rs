//! The journal's events as a log tells them: one line each, which names the step that it belongs to.

use super::notice::Notice;
use mailsec_core::{
    Failure,
    failure::Remedy,
    plan::{Flow, MailState, Observation, Operation, Plan},
    upgrade::{Event, Finish, GateKind, Verdict},
    values::StepId,
};
use std::sync::Arc;
use tracing::Level;

/// What a log says of an event.
pub(crate) struct Line {
    /// How loud.
    pub(crate) level: Level,
    /// The event's kind, as in the journal.
    pub(crate) kind: &'static str,
    /// For a reader.
    pub(crate) text: String,
    /// Of its step: its name and its phase.
    pub(crate) step: Option<(StepId, String)>,
    /// Which try of the step, from 1.
    pub(crate) attempt: Option<u32>,
    /// Mail from now on, where it changed.
    pub(crate) mail: Option<MailState>,
    /// The failure's code.
    pub(crate) code: Option<String>,
    /// What the system's own event log is told.
    pub(crate) notice: Option<Notice>,
}

/// Follows an upgrade, event by event.
#[derive(Default)]
pub(crate) struct Story {
    plan: Option<Arc<Plan>>,
    flight: Option<(StepId, u32)>,
    gate: Option<StepId>,
}

impl Story {
    /// The plan, once it was journaled.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.plan.as_deref()
    }

    fn title(&self, step: &StepId) -> String {
        let step_of = self.plan.as_ref().and_then(|plan| plan.step(step));
        step_of.map_or_else(|| step.to_string(), |step| step.title.clone())
    }

    /// The next event. What is in flight afterwards is kept for those that name no step.
    pub(crate) fn next(&mut self, event: &Event) -> Line {
        if let Event::Planned { plan, .. } = event {
            self.plan = Some(Arc::clone(plan));
        }
        match event {
            Event::StepIntended { step, attempt, .. }
            | Event::UndoIntended { step, attempt }
            | Event::RestartIntended { step, attempt, .. } => self.flight = Some((step.clone(), *attempt)),
            Event::GateOpened { step, .. } => self.gate = Some(step.clone()),
            _ => {}
        }
        let step = named(event).or_else(|| self.gate.clone().filter(|_| is_of_gate(event)));
        let (step, attempt) = match (step, &self.flight) {
            (None, Some((step, attempt))) => (Some(step.clone()), Some(*attempt)),
            (Some(step), Some((flying, attempt))) if step == *flying => (Some(step), Some(*attempt)),
            (step, _) => (step, None),
        };
        let attempt = match event {
            Event::StepFailed { attempt, .. } | Event::UndoFailed { attempt, .. } => Some(*attempt),
            _ => attempt,
        };
        let (level, kind, text) = self.words(event);
        let line = Line {
            level,
            kind,
            text,
            attempt,
            mail: match event {
                Event::Started { mail, .. } | Event::MailFlowChanged { mail, .. } => Some(*mail),
                _ => None,
            },
            code: failure(event).map(|failure| failure.code.to_string()),
            notice: Notice::of(event, self.is_in_doubt()),
            step: step.map(|step| {
                let phase = self.plan.as_ref().and_then(|plan| plan.step(&step)).map(|step| step.phase);
                (step, phase.map(|phase| phase.to_string()).unwrap_or_default())
            }),
        };
        match event {
            Event::StepApplied { step, .. }
            | Event::StepObserved { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepSkipped { step, .. }
            | Event::UndoApplied { step, .. }
            | Event::UndoFailed { step, .. }
            | Event::RestartProven { step, .. } => {
                self.flight.take_if(|(flying, _)| flying == step);
            }
            Event::RollbackBegun { .. } | Event::Finished { .. } => {
                self.flight = None;
                self.gate = None;
            }
            Event::GateAnswered { .. } => self.gate = None,
            _ => {}
        }
        line
    }

    /// Whether a step was begun whose effect nobody has seen: not one that asks, nor a restart.
    fn is_in_doubt(&self) -> bool {
        let flying = self.flight.as_ref().and_then(|(step, _)| self.plan.as_ref()?.step(step));
        flying.is_some_and(|step| {
            !step.operation.asks() && !matches!(step.operation, Operation::Restart { .. })
        })
    }

    fn words(&self, event: &Event) -> (Level, &'static str, String) {
        let (info, warn, error) = (Level::INFO, Level::WARN, Level::ERROR);
        match event {
            Event::Planned { plan, hash } => {
                let (before, after) = (&plan.naming.before, &plan.naming.after);
                let what = format!("{before} {} -> {after} {} on {}", plan.from, plan.to, plan.server);
                (
                    info,
                    "planned",
                    format!("planned: {what}, {} steps, plan {}", plan.steps.len(), hash.short()),
                )
            }
            Event::Rehearsed(rehearsed) => {
                let went = match rehearsed.verdict {
                    Verdict::Converged => (info, "well"),
                    Verdict::Diverged => (warn, "WRONG"),
                };
                (went.0, "rehearsed", format!("rehearsed in {} runs; it went {}", rehearsed.runs, went.1))
            }
            Event::Started { by, mail, .. } => (info, "started", format!("started by {by}; mail {mail}")),
            Event::Resumed { found, .. } => {
                let level = if self.is_in_doubt() { warn } else { info };
                (level, "resumed", format!("taken up again: {found}"))
            }
            Event::StepIntended { step, .. } => {
                (info, "step_intended", format!("begins: {}", self.title(step)))
            }
            Event::StepApplied { outcome, .. } => {
                (info, "step_applied", format!("done: {}", outcome.summary))
            }
            Event::StepObserved { observation, .. } => {
                let level = match observation {
                    Observation::Applied(_) | Observation::NotApplied { .. } => info,
                    Observation::Partial { .. } => warn,
                    Observation::Unknown { .. } => error,
                };
                (level, "step_observed", format!("looked at: {}", observation.word()))
            }
            Event::StepFailed { failure, .. } => {
                let level = if failure.remedy == Remedy::Retry { warn } else { error };
                (level, "step_failed", format!("failed: {failure}"))
            }
            Event::StepSkipped { why, .. } => (info, "step_skipped", format!("skipped: {why}")),
            Event::RollbackBegun { why } => (warn, "rollback_begun", format!("the way back begins: {why}")),
            Event::UndoIntended { step, .. } => {
                (info, "undo_intended", format!("taking back: {}", self.title(step)))
            }
            Event::UndoApplied { outcome, .. } => {
                (info, "undo_applied", format!("taken back: {}", outcome.summary))
            }
            Event::UndoFailed { failure, .. } => (error, "undo_failed", format!("not taken back: {failure}")),
            Event::GateOpened { gate, why, question, .. } => {
                let level = if *why == GateKind::Planned { warn } else { error };
                (level, "gate_opened", format!("gate {gate} is open: {}", question.title))
            }
            Event::GateEntered { gate } => (info, "gate_entered", format!("gate {gate} waits for an answer")),
            Event::GateAnswered { gate, choice, by, note, .. } => {
                let note = if note.is_empty() { String::new() } else { format!(": {note}") };
                (info, "gate_answered", format!("gate {gate}: {by} answers {}{note}", choice.word()))
            }
            Event::RestartIntended { boot, .. } => {
                (warn, "restart_intended", format!("a restart is wanted, out of boot {boot}"))
            }
            Event::RestartProven { after, .. } => {
                (info, "restart_proven", format!("boot {after} proves the restart"))
            }
            Event::UnplannedRestart { after, .. } => {
                (warn, "unplanned_restart", format!("the server restarted by itself, into boot {after}"))
            }
            Event::MailFlowChanged { mail, seen, .. } => {
                let level = if *mail == MailState::GOOD || mail.flow == Flow::Held { info } else { warn };
                let how = if *seen { "" } else { " (assumed: nobody saw it)" };
                (level, "mail_flow_changed", format!("mail: {mail}{how}"))
            }
            Event::CanaryWatched { summary } => {
                let alarms = summary.alarms();
                let level = if alarms > 0 { warn } else { info };
                (level, "canary_watched", format!("canary: {alarms} alarms"))
            }
            Event::Requested { request, by, note } => {
                let note = if note.is_empty() { String::new() } else { format!(": {note}") };
                (info, "requested", format!("{by} asks to {request}{note}"))
            }
            Event::Honoured { request } => (info, "honoured", format!("as asked: {request}")),
            Event::Declined { request, why } => {
                (warn, "declined", format!("not done: {request}, because {why}"))
            }
            Event::Finished { how } => match how {
                Finish::Succeeded => {
                    (info, "finished", "finished: the new version runs and was verified".to_owned())
                }
                Finish::RolledBack => (warn, "finished", "finished: everything was taken back".to_owned()),
                Finish::Abandoned => {
                    (warn, "finished", "finished: abandoned; the server was left as it is".to_owned())
                }
            },
        }
    }
}

fn is_of_gate(event: &Event) -> bool {
    matches!(event, Event::GateEntered { .. } | Event::GateAnswered { .. })
}

/// The step that an event names.
fn named(event: &Event) -> Option<StepId> {
    match event {
        Event::StepIntended { step, .. }
        | Event::StepApplied { step, .. }
        | Event::StepObserved { step, .. }
        | Event::StepFailed { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::UndoIntended { step, .. }
        | Event::UndoApplied { step, .. }
        | Event::UndoFailed { step, .. }
        | Event::GateOpened { step, .. }
        | Event::RestartIntended { step, .. }
        | Event::RestartProven { step, .. } => Some(step.clone()),
        _ => None,
    }
}

fn failure(event: &Event) -> Option<&Failure> {
    match event {
        Event::StepFailed { failure, .. } | Event::UndoFailed { failure, .. } => Some(failure),
        _ => None,
    }
}
