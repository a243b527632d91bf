//! An event's part in the report.

use super::{Report, ReportAnswer, ReportGate, ReportItem, ReportNote, ReportStart, ReportStep, StepResult};
use crate::{
    plan::{Evidence, Observation, Outcome, Plan, Undo},
    upgrade::{CanarySummary, Event, NO_WAY_BACK, Position, Request},
    values::{Digest, StepId, Timestamp},
};

impl Report {
    /// An event of a kind that this version does not know.
    pub fn pass_over(&mut self) {
        self.events.read += 1;
        self.events.unknown += 1;
    }

    /// Folds one event in.
    pub fn apply(&mut self, position: Position<'_>, event: &Event) {
        self.events.read += 1;
        let at = position.at;
        self.last = Some(at);
        match event {
            Event::Planned { plan, hash } => self.planned(plan, *hash),
            Event::Rehearsed(rehearsed) => self.rehearsed = Some(rehearsed.clone()),
            Event::Started { by, mail, .. } => {
                self.started = Some(ReportStart { at, by: by.0.clone() });
                if !self.elsewhere {
                    self.ledger.change(at, *mail, true);
                }
            }
            Event::Resumed { found, .. } => self.note(at, format!("taken up again: {found}")),
            Event::StepIntended { step, .. } | Event::RestartIntended { step, .. } => {
                self.step(step, |line| {
                    line.began.get_or_insert(at);
                    line.begins += 1;
                    line.result = StepResult::Begun;
                });
            }
            Event::StepApplied { step, outcome } => {
                self.outcome(step, at, StepResult::Done, outcome);
                self.passes_no_return(step, at);
            }
            Event::StepObserved { step, observation } => match observation {
                Observation::Applied(outcome) => {
                    self.outcome(step, at, StepResult::FoundDone, outcome);
                    self.passes_no_return(step, at);
                }
                other => {
                    self.note(at, format!("{step}: the server shows it as {}", other.word()));
                    self.step(step, |line| line.evidence = other.evidence().to_vec());
                }
            },
            Event::StepFailed { step, attempt, failure } => {
                self.note(at, format!("{step}: try {attempt} failed: {failure}"));
                self.step(step, |line| {
                    line.ended = Some(at);
                    line.result = StepResult::Failed;
                    line.failure = Some(failure.clone());
                });
            }
            Event::StepSkipped { step, why } => self.step(step, |line| {
                line.result = StepResult::Skipped;
                line.summary.clone_from(why);
            }),
            Event::RollbackBegun { why } => {
                self.back = true;
                self.note(at, format!("the way back began: {why}"));
            }
            Event::UndoIntended { .. } | Event::GateEntered { .. } | Event::Honoured { .. } => {}
            Event::UndoApplied { step, outcome } => {
                let kept = self.kept.contains(step);
                let result = if kept { StepResult::Kept } else { StepResult::Undone };
                self.outcome(step, at, result, outcome);
            }
            Event::UndoFailed { step, failure, .. } => {
                self.note(at, format!("{step}: taking it back failed: {failure}"));
            }
            Event::GateOpened { gate, step, why, question, choices } => {
                let items = question.items.iter().map(|item| ReportItem { item: item.clone(), answer: None });
                self.gates.push(ReportGate {
                    id: gate.clone(),
                    step: step.clone(),
                    why: *why,
                    title: question.title.clone(),
                    opened: at,
                    answer: None,
                    items: items.collect(),
                });
                self.asked = Some((gate.clone(), question.clone(), choices.clone()));
            }
            Event::GateAnswered { gate, choice, by, note, items } => {
                // As the state sees it: an answer that the gate does not take leaves it open.
                let taken = self.asked.take_if(|(asked, question, choices)| {
                    asked == gate && question.admit(choices, *choice, items).is_ok()
                });
                if taken.is_some()
                    && let Some(line) = self.gates.iter_mut().find(|line| line.id == *gate)
                {
                    for item in &mut line.items {
                        item.answer = items.get(&item.item.id).cloned();
                    }
                    line.answer =
                        Some(ReportAnswer { at, choice: *choice, by: by.0.clone(), note: note.clone() });
                }
            }
            Event::RestartProven { step, before, after } => {
                self.note(at, format!("the server restarted as planned (boot {before} -> {after})"));
                self.step(step, |line| {
                    line.ended = Some(at);
                    line.result = StepResult::Done;
                    "the server restarted".clone_into(&mut line.summary);
                    line.evidence = vec![Evidence::new("boot identity", format!("{before} -> {after}"))];
                });
            }
            Event::UnplannedRestart { before, after } => {
                self.note(at, format!("the server restarted by itself (boot {before} -> {after})"));
            }
            Event::MailFlowChanged { at, mail, seen, .. } => self.ledger.change(*at, *mail, *seen),
            Event::Requested { request, by, note } => self.note(at, request_line(*request, &by.0, note)),
            Event::Declined { request, why } => self.note(at, format!("not done: {request}, because {why}")),
            Event::CanaryWatched { summary } => self.canary = Some(CanarySummary::clone(summary)),
            Event::Finished { how } => self.finish = Some(*how),
        }
        self.mail = self.ledger.totals_at(at);
        self.mail_within_budget = self.budget.is_none_or(|budget| self.mail.within(&budget));
        self.mail_changes = self.ledger.changes().to_vec();
    }

    fn passes_no_return(&mut self, step: &StepId, at: Timestamp) {
        if self.no_return.contains(step) && std::mem::take(&mut self.back) {
            self.note(at, format!("not taken back: {NO_WAY_BACK}"));
        }
    }

    fn planned(&mut self, plan: &Plan, hash: Digest) {
        self.server.clone_from(&plan.server);
        self.naming = Some(plan.naming.clone());
        self.from = Some(plan.from.clone());
        self.to = Some(plan.to.clone());
        self.plan = Some(hash);
        self.choices = Some(plan.choices.clone());
        self.budget = Some(plan.budget);
        self.elsewhere = plan.is_elsewhere();
        let kept = plan.steps.iter().filter(|step| step.undo != Undo::Reverse);
        self.kept = kept.map(|step| step.id.clone()).collect();
        let crossed = plan.steps.iter().filter(|step| step.no_return);
        self.no_return = crossed.map(|step| step.id.clone()).collect();
        self.steps = plan
            .steps
            .iter()
            .map(|step| ReportStep {
                id: step.id.clone(),
                phase: step.phase,
                title: step.title.clone(),
                result: StepResult::Waiting,
                began: None,
                ended: None,
                begins: 0,
                summary: String::new(),
                evidence: Vec::new(),
                failure: None,
            })
            .collect();
    }

    fn note(&mut self, at: Timestamp, text: String) {
        self.notes.push(ReportNote { at, text });
    }

    fn step(&mut self, id: &StepId, change: impl FnOnce(&mut ReportStep)) {
        if let Some(line) = self.steps.iter_mut().find(|line| line.id == *id) {
            change(line);
        }
    }

    fn outcome(&mut self, id: &StepId, at: Timestamp, result: StepResult, outcome: &Outcome) {
        self.step(id, |line| {
            line.ended = Some(at);
            line.result = result;
            line.summary.clone_from(&outcome.summary);
            line.evidence.clone_from(&outcome.evidence);
        });
    }
}

fn request_line(request: Request, by: &str, note: &str) -> String {
    if note.is_empty() {
        format!("{by} asked to {request}")
    } else {
        format!("{by} asked to {request}: {note}")
    }
}
