//! Steps with what shows them, and the settings.

use super::super::{Record, settings::Compared, span, step_ms};
use mailsec_core::{
    failure::Failure,
    plan::{Evidence, Phase},
    upgrade::{ReportStep, StepResult},
};
use maud::{Markup, html};

pub(super) fn steps(record: &Record<'_>) -> Markup {
    let compared = record.compared().map(|compared| compared.step);
    let mut phase: Option<Phase> = None;
    html! {
        @for (index, step) in record.report().steps.iter().enumerate() {
            @if phase.replace(step.phase) != Some(step.phase) { h3 class="phase" { (step.phase) } }
            (one(index, step, compared == Some(index)))
        }
    }
}

fn one(index: usize, step: &ReportStep, compares: bool) -> Markup {
    let (class, sign, word) = shown(step.result);
    html! {
        article class={ "step " (class) } {
            h4 { span class="number" { (index + 1) "." } " " (step.title) }
            p class="result" {
                span class="sign" aria-hidden="true" { (sign) } " " strong { (word) }
                @if let Some(ms) = step_ms(step).filter(|ms| *ms >= 100) { ", " (span(ms)) }
                @if step.begins > 1 { ", begun " (step.begins) " times" }
                @if !step.summary.is_empty() { ": " (step.summary) }
            }
            @if let Some(failure) = step.failure.as_ref() { (failed(failure, step.result)) }
            @if compares { p { a href="#settings" { "The comparison" } " is below." } }
            @else { (evidence(&step.evidence)) }
        }
    }
}

fn shown(result: StepResult) -> (&'static str, &'static str, &'static str) {
    match result {
        StepResult::Waiting => ("waiting", "·", "not begun"),
        StepResult::Begun => ("look", "…", "begun, no outcome yet"),
        StepResult::Done => ("good", "✓", "done"),
        StepResult::FoundDone => ("good", "✓", "found done"),
        StepResult::Skipped => ("waiting", "–", "left out"),
        StepResult::Failed => ("bad", "✗", "failed"),
        StepResult::Undone => ("look", "↩", "taken back"),
        StepResult::Kept => ("waiting", "–", "kept on the way back"),
    }
}

fn failed(failure: &Failure, result: StepResult) -> Markup {
    let when = if result == StepResult::Failed { "Why" } else { "A try had failed" };
    html! {
        dl class="evidence" {
            div { dt { (when) } dd { (failure.message) " [" code { (failure.code) } "]" } }
            @if let Some(expected) = &failure.expected { div { dt { "Expected" } dd { (expected) } } }
            @if let Some(found) = &failure.found { div { dt { "Found" } dd { (found) } } }
            @for cause in &failure.causes { div { dt { "Because" } dd { (cause) } } }
            @if let Some(hint) = &failure.hint { div { dt { "Hint" } dd { (hint) } } }
        }
    }
}

fn evidence(all: &[Evidence]) -> Markup {
    html! {
        @if !all.is_empty() {
            dl class="evidence" { @for one in all { div { dt { (one.of) } dd { (one.seen) } } } }
        }
    }
}

pub(super) fn settings(compared: &Compared<'_>) -> Markup {
    html! {
        p { "Compared by step " (compared.step + 1) ": " (compared.summary) "." }
        table class="counts" {
            caption { "Entries" }
            thead { tr { th scope="col" { "Entries" } th scope="col" { "How many" } } }
            tbody { @for (what, count) in &compared.counts { tr { td { (what) } td { (count) } } } }
        }
        (evidence(compared.differences))
        p class="soft" { "Values that may be secrets are masked. The exports lie in the upgrade\u{2019}s backup folder; this compares them again:" }
        pre { code { "mailsec settings diff settings.xml settings-after.xml" } }
    }
}
