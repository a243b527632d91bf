//! The report for a terminal.

use super::{Record, step_ms};
use crate::show::{
    canary, checklist,
    gate::program,
    report::{head, mail, of_nodes, word},
    text::{clock, harmless, span, wrap},
};
use mailsec_core::{
    upgrade::{ReportAnswer, ReportEvents, ReportStep, StepResult},
    values::Digest,
};

/// The report.
pub(crate) fn plain(record: &Record<'_>) -> String {
    let (report, loaded) = (record.report(), record.loaded);
    let outcome = record.outcome();
    let mut text = format!("UPGRADE {}\n\n", record.upgrade);
    text.push_str(&format!(
        "Outcome  {}\n{}",
        outcome.word,
        wrap("         ", "         ", &outcome.sentence)
    ));
    text.push_str(&head(report));
    if let Some(last) = report.last {
        text.push_str(&format!("Last     {last}\n"));
    }
    text.push_str(&todo(record, false));
    text.push('\n');
    if record.damage().is_some() {
        text.push_str("The journal is DAMAGED: how mail fared is told as far as it can be read.\n");
    }
    text.push_str(&mail(loaded));
    let changes = report.mail_changes.iter().filter(|_| !of_nodes(loaded));
    for change in changes {
        let how = if change.seen { "" } else { "  (assumed)" };
        text.push_str(&format!("  {}  {}{how}\n", clock(change.at), change.mail));
    }
    if let Some(canary) = &report.canary {
        text.push_str(&canary::lines(canary));
    }
    text.push_str("\nSteps\n");
    for (index, step) in report.steps.iter().enumerate() {
        text.push_str(&step_lines(index, step));
    }
    if !report.gates.is_empty() {
        text.push_str("\nGates\n");
        for gate in &report.gates {
            text.push_str(&wrap(&format!("  {}  ", clock(gate.opened)), "            ", &gate.title));
            let answer = match &gate.answer {
                Some(ReportAnswer { at, choice, by, note }) if note.is_empty() => {
                    format!("{choice}, by {by} at {}", clock(*at))
                }
                Some(ReportAnswer { at, choice, by, note }) => {
                    format!("{choice}, by {by} at {}: {note}", clock(*at))
                }
                None => "not answered".to_owned(),
            };
            text.push_str(&wrap("            ", "            ", &answer));
            text.push_str(&checklist::answered(gate));
        }
    }
    if !report.notes.is_empty() {
        text.push_str("\nOn the way\n");
        for note in &report.notes {
            text.push_str(&wrap(&format!("  {}  ", clock(note.at)), "            ", &note.text));
        }
    }
    if let Some(choices) = report.choices.as_ref().filter(|choices| !choices.left_out.is_empty()) {
        text.push_str("\nLeft out by choice\n");
        for (what, why) in &choices.left_out {
            text.push_str(&wrap(&format!("  {what}: "), "    ", why));
        }
    }
    let ReportEvents { read: events, unknown } = report.events;
    text.push_str(&format!("\nPlan     {}\n", report.plan.unwrap_or(Digest::ZERO)));
    text.push_str(&format!("Journal  {events} events; the chain ends in\n         {}\n", record.head));
    if unknown > 0 {
        text.push_str(&format!("         {unknown} events of a newer version could not be read\n"));
    }
    text.push_str(&format!("         `{} journal verify` checks it\n", program(record.state())));
    harmless(&text)
}

/// What somebody has to do now; nothing when all is well.
/// Where a process is at work, nobody need have it go on.
pub(crate) fn todo(record: &Record<'_>, driven: bool) -> String {
    let mut text = String::new();
    for todo in record.todos().iter().filter(|todo| !(driven && todo.resumes)) {
        text.push_str(&wrap(
            if text.is_empty() { "To do    " } else { "         " },
            "         ",
            &todo.what,
        ));
        for (number, how) in (1..).zip(&todo.how) {
            text.push_str(&wrap(&format!("         {number}. "), "            ", how));
        }
        if let Some(command) = &todo.command {
            text.push_str(&format!("         {command}\n"));
        }
    }
    text
}

fn step_lines(index: usize, step: &ReportStep) -> String {
    let took = step_ms(step).map(|ms| format!("  {}", span(ms))).unwrap_or_default();
    let again = if step.begins > 1 { format!(", begun {} times", step.begins) } else { String::new() };
    let mut text = format!("  {:<9} {:>2}. {}{took}{again}\n", word(step.result), index + 1, step.title);
    let indent = " ".repeat(16);
    if !step.summary.is_empty() {
        text.push_str(&wrap(&indent, &indent, &step.summary));
    }
    for fact in &step.evidence {
        text.push_str(&wrap(
            &format!("{indent}- "),
            &format!("{indent}  "),
            &format!("{}: {}", fact.of, fact.seen),
        ));
    }
    if let Some(failure) = step.failure.as_ref().filter(|_| step.result == StepResult::Failed) {
        text.push_str(&wrap(&indent, &indent, &failure.to_string()));
    }
    text
}
