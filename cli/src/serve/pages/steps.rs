//! The steps and phases of an upgrade, in short.

use super::now::over;
use crate::{serve::app::Read, show};
use mailsec_core::{
    plan::Phase,
    upgrade::{ReportStep, StepResult},
};
use maud::{Markup, html};

/// A step's place: the one that is under way, or the next; none when it is over.
pub(super) fn current(read: &Read) -> Option<usize> {
    let state = &read.loaded.state;
    let flight = state.flight.as_ref().map(|flight| flight.step);
    let gate = state.gate.as_ref().map(|gate| gate.step);
    let open = || read.loaded.report.steps.iter().position(|step| !step.result.is_over());
    if over(read) { None } else { flight.or(gate).or_else(open) }
}

/// The phases in their order, with how far each is.
pub(super) fn phases(read: &Read) -> Markup {
    let steps = &read.loaded.report.steps;
    let now = current(read).and_then(|at| steps.get(at)).map(|step| step.phase);
    let mut phases: Vec<Phase> = Vec::new();
    for step in steps {
        if !phases.contains(&step.phase) {
            phases.push(step.phase);
        }
    }
    html! {
        ol class="phases" aria-label="Phases" {
            @for phase in phases {
                @let (class, sign, word) = phase_stands(steps, phase, now);
                li class=(class) aria-current=[(word == "now").then_some("step")] {
                    span class="sign" aria-hidden="true" { (sign) } " " (phase) span class="word" { ", " (word) }
                }
            }
        }
    }
}

fn phase_stands(
    steps: &[ReportStep],
    phase: Phase,
    now: Option<Phase>,
) -> (&'static str, &'static str, &'static str) {
    let of_phase = || steps.iter().filter(|step| step.phase == phase);
    if of_phase().all(|step| step.result.is_over()) {
        let back = of_phase().any(|step| step.result == StepResult::Undone);
        let kept = of_phase().any(|step| step.result == StepResult::Kept);
        return match (back, kept) {
            (true, _) => ("look", "↩", "taken back"),
            (false, true) => ("waiting", "–", "kept on the way back"),
            (false, false) => ("good", "✓", "done"),
        };
    }
    if now.is_none() && of_phase().any(|step| step.result != StepResult::Waiting) {
        return ("bad", "✗", "not finished");
    }
    if now == Some(phase) { ("now", "▸", "now") } else { ("waiting", "·", "not begun") }
}

/// The steps.
pub(super) fn steps(read: &Read) -> Markup {
    let now = current(read);
    html! {
        ol class="steps" {
            @for (index, step) in read.loaded.report.steps.iter().enumerate() {
                (one(step, now == Some(index)))
            }
        }
    }
}

fn one(step: &ReportStep, now: bool) -> Markup {
    let (class, sign, word) = shown(step.result);
    let took = step.began.zip(step.ended).filter(|_| step.result.is_over());
    let took = took.map(|(began, ended)| u64::try_from(ended.since(began).as_millis()).unwrap_or(u64::MAX));
    html! {
        li class=(class) aria-current=[now.then_some("step")] {
            span class="sign" aria-hidden="true" { (sign) } " " (step.title)
            span class="soft" { ", " (word) @if let Some(ms) = took.filter(|ms| *ms >= 1000) { ", " (show::span(ms)) } }
        }
    }
}

fn shown(result: StepResult) -> (&'static str, &'static str, &'static str) {
    match result {
        StepResult::Waiting => ("waiting", "·", "not begun"),
        StepResult::Begun => ("look", "…", "begun"),
        StepResult::Done => ("good", "✓", "done"),
        StepResult::FoundDone => ("good", "✓", "found done"),
        StepResult::Skipped => ("waiting", "–", "left out"),
        StepResult::Failed => ("bad", "✗", "failed"),
        StepResult::Undone => ("look", "↩", "taken back"),
        StepResult::Kept => ("waiting", "–", "kept on the way back"),
    }
}
