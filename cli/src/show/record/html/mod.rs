//! The report as one page: nothing to load, no script, readable in light and dark, on a phone and on paper. maud escapes
//! whatever stands in parentheses; nothing that a journal holds is ever marked as markup.

mod drawing;
mod mail;
mod scale;
mod steps;

use super::{
    Record,
    outcome::{Todo, Tone},
    span,
};
use crate::show::{
    checklist,
    gate::program,
    rehearsed,
    text::{clock, harmless},
};
use mailsec_core::{
    upgrade::{ReportAnswer, ReportEvents, ReportGate, ReportStart},
    values::Digest,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The page's only style, which stands in it.
pub(crate) const STYLE: &str = concat!(include_str!("../../base.css"), include_str!("report.css"));

/// The page.
pub(crate) fn page(record: &Record<'_>) -> String {
    let outcome = record.outcome();
    let server = &record.report().server;
    let (class, sign) = match outcome.tone {
        Tone::Good => ("good", "✓"),
        Tone::Look => ("look", "!"),
        Tone::Bad => ("bad", "✗"),
    };
    let sections = sections(record);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (server) ": " (outcome.word) " - mailsec report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=(class) {
                    p class="kicker" { "Upgrade report for " (server) }
                    h1 { span class="sign" aria-hidden="true" { (sign) } " " (outcome.sentence) }
                    (facts(record))
                }
                nav aria-label="Contents" {
                    ul { @for (id, title, _) in &sections { li { a href={ "#" (id) } { (title) } } } }
                }
                main {
                    @for (id, title, content) in &sections {
                        section id=(id) aria-labelledby={ (id) "-title" } {
                            h2 id={ (id) "-title" } { (title) }
                            (content)
                        }
                    }
                }
                footer {
                    p { "All times are UTC. Made from the journal alone: the same journal makes the same page." }
                }
            }
        }
    };
    let mut page = harmless(&markup.into_string());
    page.push('\n');
    page
}

/// The sections that this report has, in the order in which they matter.
fn sections(record: &Record<'_>) -> Vec<(&'static str, &'static str, Markup)> {
    let report = record.report();
    let mut all = vec![("todo", "What remains to be done", todo(&record.todos()))];
    let remarks = record.remarks();
    if !remarks.is_empty() {
        all.push((
            "decided",
            "Left out, given up, decided",
            html! { ul { @for one in remarks { li { (one) } } } },
        ));
    }
    all.push(("mail", "Mail", mail::mail(record)));
    if let Some(canary) = &report.canary {
        all.push(("canary", "Canary", mail::canary(canary)));
    }
    if !report.steps.is_empty() {
        all.push(("steps", "Steps", steps::steps(record)));
    }
    if !report.gates.is_empty() {
        all.push((
            "gates",
            "Gates, and who answered",
            html! { @for gate in &report.gates { (gate_of(gate)) } },
        ));
    }
    if let Some(compared) = record.compared() {
        all.push(("settings", "Settings before and after", steps::settings(&compared)));
    }
    if !report.elsewhere && report.plan.is_some() {
        all.push(("rehearsal", "Rehearsal", html! { p { (rehearsed(report.rehearsed.as_ref())) } }));
    }
    if !report.notes.is_empty() {
        all.push((
            "notes",
            "On the way",
            html! {
                ol class="notes" {
                    @for note in &report.notes { li { (time(note.at)) " " (note.text) } }
                }
            },
        ));
    }
    all.push(("proof", "Proof", proof(record)));
    all
}

fn facts(record: &Record<'_>) -> Markup {
    let report = record.report();
    html! {
        dl class="facts" {
            @if let (Some(naming), Some(from), Some(to)) = (&report.naming, &report.from, &report.to) {
                div { dt { "From" } dd { (naming.before) " " (from) } }
                div { dt { "To" } dd { (naming.after) " " (to) } }
            }
            @if let Some(ReportStart { at, by }) = &report.started {
                div { dt { "Started" } dd { (time(*at)) " by " (by) } }
            }
            @if let Some(last) = report.last {
                div { dt { "Last event" } dd { (time(last)) @if report.started.is_some() { ", " (span(record.took_ms())) " later" } } }
            }
        }
    }
}

fn todo(todos: &[Todo]) -> Markup {
    html! {
        @if todos.is_empty() { p { "Nothing." } }
        @for todo in todos {
            div class="todo" {
                p { strong { (todo.what) } }
                @if !todo.how.is_empty() { ol { @for one in &todo.how { li { (one) } } } }
                @if let Some(command) = &todo.command { pre { code { (command) } } }
            }
        }
    }
}

fn gate_of(gate: &ReportGate) -> Markup {
    html! {
        article {
            h3 { (gate.title) }
            p class="soft" { "Opened " (time(gate.opened)) ", at step " code { (gate.step) } ", as gate " code { (gate.id) } }
            @match &gate.answer {
                Some(ReportAnswer { at, choice, by, note }) => p {
                    strong { (choice) } ", by " strong { (by) } " at " (time(*at))
                    @if !note.is_empty() { ": " q { (note) } }
                },
                None => p { strong { "Not answered." } },
            }
            @if !gate.items.is_empty() {
                dl class="evidence" {
                    @for item in &gate.items {
                        div { dt { (item.item.text) } dd { (checklist::said(item)) } }
                    }
                }
            }
        }
    }
}

fn proof(record: &Record<'_>) -> Markup {
    let ReportEvents { read: events, unknown } = record.report().events;
    html! {
        @if let Some(damage) = record.damage() {
            p class="alarm" { strong { "The journal is damaged: " (damage.why) "." }
                " Of at least " (damage.promised) " envelopes " (record.envelopes.len()) " could be read." }
        }
        dl class="facts" {
            div { dt { "Upgrade" } dd { code { (record.upgrade) } } }
            div { dt { "Plan" } dd { code { (record.report().plan.unwrap_or(Digest::ZERO)) } } }
            div { dt { "Journal" } dd { (events) " events" @if unknown > 0 { ", " (unknown) " of them of a newer version" } } }
            div { dt { "Chain ends in" } dd { code { (record.head) } } }
        }
        p { "Each event carries the hash of the one before it, so the last hash stands for all of them. On the server, this prints the \
             same hash for this upgrade when nothing was changed, and names what was:" }
        pre { code { (program(record.state())) " journal verify" } }
        p { "Elsewhere, from a copy that " code { (program(record.state())) " journal export --out FILE" } " has made, this plays the upgrade again and \
             compares every decision:" }
        pre { code { "mailsec simulate replay FILE" } }
    }
}

/// A time as a page has it.
fn time(at: mailsec_core::values::Timestamp) -> Markup {
    let (day, clock) = (at.to_string()[..10].to_owned(), clock(at));
    html! { time datetime=(at) { span { (day) } " " span { (clock) } } }
}
