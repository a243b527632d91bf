//! The report for a ticket, in Markdown as GitHub, GitLab and most help desks read it. Whatever the journal holds is
//! escaped: it stays text.

use super::{
    Record,
    course::{ROWS, row},
    span, step_ms,
};
use crate::show::{
    canary as told, checklist,
    gate::program,
    rehearsed, report,
    text::{day_clock, harmless},
};
use mailsec_core::upgrade::{ReportAnswer, ReportStart};
use mailsec_core::values::Digest;

/// The report.
pub(crate) fn markdown(record: &Record<'_>) -> String {
    let report = record.report();
    let outcome = record.outcome();
    let mut text = format!(
        "# Upgrade report for {}\n\n**{}**: {}\n\n",
        md(&report.server),
        outcome.word,
        md(&outcome.sentence)
    );
    if let (Some(naming), Some(from), Some(to)) = (&report.naming, &report.from, &report.to) {
        text.push_str(&format!("- From {} {from}\n- To {} {to}\n", md(&naming.before), md(&naming.after)));
    }
    if let Some(ReportStart { at, by }) = &report.started {
        text.push_str(&format!("- Started {} UTC by {}\n", day_clock(*at), md(by)));
    }
    if let Some(last) = report.last {
        text.push_str(&format!("- Last event {} UTC\n", day_clock(last)));
    }
    text.push_str("\n## What remains to be done\n\n");
    todo(record, &mut text);
    list(&mut text, "Left out, given up, decided", record.remarks().iter().map(|one| md(one)));
    mail(record, &mut text);
    canary(record, &mut text);
    steps(record, &mut text);
    gates(record, &mut text);
    if let Some(compared) = record.compared() {
        let lines = compared.differences.iter().map(|one| format!("{}: {}", md(&one.of), md(&one.seen)));
        let counts = compared.counts.iter().map(|(what, count)| format!("{what}: {}", md(count)));
        list(&mut text, "Settings before and after", counts.chain(lines));
    }
    if !report.elsewhere && report.plan.is_some() {
        text.push_str(&format!("\n## Rehearsal\n\n{}\n", md(&rehearsed(report.rehearsed.as_ref()))));
    }
    let notes = report.notes.iter().map(|note| format!("{} {}", day_clock(note.at), md(&note.text)));
    list(&mut text, "On the way", notes);
    text.push_str(&format!(
        "\n## Proof\n\n- Upgrade `{}`\n- Plan `{}`\n- {} events; the chain ends in `{}`\n- `{} journal verify` on the \
         server prints the same hash when nothing was changed\n\nAll times are UTC.\n",
        record.upgrade,
        report.plan.unwrap_or(Digest::ZERO),
        report.events.read,
        record.head,
        program(record.state())
    ));
    harmless(&text)
}

fn todo(record: &Record<'_>, text: &mut String) {
    let todos = record.todos();
    if todos.is_empty() {
        text.push_str("Nothing.\n");
    }
    for todo in &todos {
        text.push_str(&format!("- [ ] {}\n", md(&todo.what)));
        for (number, how) in (1..).zip(&todo.how) {
            text.push_str(&format!("  {number}. {}\n", md(how)));
        }
        if let Some(command) = &todo.command {
            text.push_str(&format!("  - {}\n", code(command)));
        }
    }
}

fn mail(record: &Record<'_>, text: &mut String) {
    text.push_str("\n## Mail\n\n");
    let stretches = record.stretches();
    if stretches.is_empty() {
        text.push_str(&format!("{}\n", md(report::mail(record.loaded).trim_end())));
    }
    for one in record.statements() {
        text.push_str(&format!("- **{}**: {}; {}\n", one.word(), md(&one.what), md(&one.figures)));
    }
    if !stretches.is_empty() {
        text.push_str("\n| from | for | mail | known |\n|---|---|---|---|\n");
        for one in &stretches {
            let known = if one.seen { "seen" } else { "assumed" };
            text.push_str(&format!(
                "| {} | {} | {} | {known} |\n",
                day_clock(one.from),
                span(one.ms()),
                ROWS[row(one.mail)]
            ));
        }
    }
    let marks = record.marks();
    if !marks.is_empty() {
        text.push_str("\n| when | what | |\n|---|---|---|\n");
    }
    for mark in &marks {
        text.push_str(&format!("| {} | {} | {} |\n", day_clock(mark.at), mark.kind.word(), md(&mark.text)));
    }
}

fn canary(record: &Record<'_>, text: &mut String) {
    let Some(summary) = &record.report().canary else { return };
    text.push_str(&format!("\n## Canary\n\n{}\n", md(&told::line(summary))));
    for remark in told::remarks(summary) {
        text.push_str(&format!("\n{}\n", md(&remark)));
    }
    for (title, spans) in told::views(summary) {
        text.push_str(&format!("\n| from | to | messages | {title} |\n|---|---|---:|---|\n"));
        for one in spans {
            let alarm = if one.fate.is_alarm() { ", **an alarm**" } else { "" };
            text.push_str(&format!(
                "| {} | {} | {} | {}{alarm} |\n",
                day_clock(one.from),
                day_clock(one.to),
                one.count,
                told::word(one.fate, summary.watched)
            ));
        }
    }
}

fn steps(record: &Record<'_>, text: &mut String) {
    let steps = &record.report().steps;
    if steps.is_empty() {
        return;
    }
    text.push_str("\n## Steps\n\n| | step | result | took | |\n|---:|---|---|---:|---|\n");
    for (number, step) in (1..).zip(steps) {
        let failure = step.failure.iter().map(ToString::to_string);
        let told: Vec<String> = std::iter::once(step.summary.clone())
            .filter(|summary| !summary.is_empty())
            .chain(failure)
            .collect();
        text.push_str(&format!(
            "| {number} | {} | {} | {} | {} |\n",
            md(&step.title),
            report::word(step.result),
            step_ms(step).map(span).unwrap_or_default(),
            md(&told.join("; "))
        ));
    }
}

fn gates(record: &Record<'_>, text: &mut String) {
    let gates = record.report().gates.iter().map(|gate| {
        let answer = match &gate.answer {
            Some(ReportAnswer { at, choice, by, note }) if note.is_empty() => {
                format!("**{choice}**, by {} at {}", md(by), day_clock(*at))
            }
            Some(ReportAnswer { at, choice, by, note }) => {
                format!("**{choice}**, by {} at {}: {}", md(by), day_clock(*at), md(note))
            }
            None => "**not answered**".to_owned(),
        };
        let items: String = gate
            .items
            .iter()
            .map(|item| format!("\n  - {}: {}", md(&item.item.text), md(&checklist::said(item))))
            .collect();
        format!("{} (opened {}): {answer}{items}", md(&gate.title), day_clock(gate.opened))
    });
    list(text, "Gates, and who answered", gates);
}

fn list(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        text.push_str(&format!("\n## {title}\n\n"));
    }
    for line in lines {
        text.push_str(&format!("- {line}\n"));
    }
}

/// Text that stays text: nothing in it is taken for markup, a mention or the end of its line. A bare address may become a
/// link where the reader makes one of each; it leads where it says.
fn md(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' | '!' => escaped.extend(['\\', char]),
            char if char.is_whitespace() => escaped.push(' '),
            char => escaped.push(char),
        }
    }
    escaped
}

/// Code: between more backticks than there are in it.
fn code(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence}{}{fence}", text.replace(char::is_whitespace, " "))
}
