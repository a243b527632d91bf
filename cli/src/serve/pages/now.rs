//! Where an upgrade stands now: the part of its page that is kept up to date.

use super::{
    frame::Tone,
    steps::{current, phases, steps},
};
use crate::{cluster::orders_of, serve::app::Read, show};
use mailsec_core::{
    engine::Loaded,
    host::NodeGate,
    plan::{Flow, MailState, UnscannedPolicy},
    upgrade::{Direction, Finish, ReportStart, Standing},
    values::{NodeName, Timestamp},
};
use maud::{Markup, html};

/// Notes that are shown; the report has all.
const NOTES: usize = 8;
/// Nodes of a cluster that its heading names.
const NODES: usize = 4;

/// How the upgrade stands: its tone, and in a few words.
pub(super) fn heading(read: &Read) -> (Tone, String) {
    let loaded = &read.loaded;
    let tone = match loaded.state.standing {
        _ if read.damage().is_some() => Tone::Bad,
        Standing::Finished(Finish::Succeeded) if loaded.report.mail_within_budget => Tone::Good,
        Standing::Finished(_) => Tone::Bad,
        _ => Tone::Look,
    };
    let back = matches!(loaded.state.direction, Direction::Back(_)) && !over(read);
    let way = if back { ", on the way back" } else { "" };
    (tone, format!("{}: {}{way}", subject(loaded), show::standing(&loaded.state)))
}

/// What is upgraded: a server, or a cluster by its nodes.
pub(super) fn subject(loaded: &Loaded) -> String {
    let orders = loaded.state.plan.as_ref().map(|plan| orders_of(plan)).unwrap_or_default();
    let names: Vec<&str> = orders.iter().map(|order| order.node.as_str()).collect();
    match names.len() {
        0 => loaded.report.server.clone(),
        1..=NODES => format!("Cluster {}", names.join(", ")),
        many => format!("Cluster of {many} nodes"),
    }
}

/// Whether nothing will change any more.
pub(super) fn over(read: &Read) -> bool {
    matches!(read.loaded.state.standing, Standing::Finished(_))
}

/// What somebody who does not see the page is told when it changes.
pub(super) fn said(read: &Read) -> String {
    let (_, heading) = heading(read);
    let step = current(read).and_then(|at| {
        let steps = &read.loaded.report.steps;
        Some(format!("; step {} of {}: {}", at + 1, steps.len(), steps.get(at)?.title))
    });
    let mail = mail(read).map(|mail| format!("; mail {mail}"));
    let asks =
        node_gates(read).map(|(node, gate)| format!("; {node} asks: {}", gate.title)).collect::<String>();
    format!("{heading}{}{}{asks}", step.unwrap_or_default(), mail.unwrap_or_default())
}

/// The nodes that ask, and what.
fn node_gates(read: &Read) -> impl Iterator<Item = (&NodeName, &NodeGate)> {
    let nodes = read.nodes.iter().flatten();
    nodes.filter_map(|(node, stands)| Some((node, stands.as_ref().ok()?.as_ref()?.gate.as_ref()?)))
}

/// How mail stands, where it is watched here.
fn mail(read: &Read) -> Option<MailState> {
    let loaded = &read.loaded;
    loaded.state.ledger_now().now().filter(|_| !show::of_nodes(loaded) && !loaded.report.elsewhere)
}

/// The whole part.
pub(crate) fn region(read: &Read) -> Markup {
    let (tone, heading) = heading(read);
    let report = &read.loaded.report;
    html! {
        div data-heading=(heading) data-tone=(tone.class()) data-said=(said(read)) data-over[over(read)] {
            @if let Some(why) = read.damage() {
                p class="alarm" { strong { "The journal is damaged: " (why) "." } " What follows is what can be read. On the server, "
                    code { (show::program(&read.loaded.state)) " journal verify" } " puts back what its second copy has." }
            }
            (asked(read))
            section aria-labelledby="now" {
                h2 id="now" { "Now" }
                (facts(read))
                (phases(read))
            }
            @if let Some(nodes) = &read.nodes {
                section aria-labelledby="nodes" {
                    h2 id="nodes" { "Nodes" }
                    dl class="facts" { @for (node, stands) in nodes { div { dt { (node) } dd { (show::node_stands(stands)) } } } }
                }
            } @else if read.loaded.state.drives_nodes() {
                section aria-labelledby="nodes" {
                    h2 id="nodes" { "Nodes" }
                    p { "How they stand cannot be seen now: their folders do not answer." }
                }
            }
            section aria-labelledby="steps" {
                h2 id="steps" { "Steps" }
                (steps(read))
            }
            @if !report.notes.is_empty() {
                section aria-labelledby="notes" {
                    h2 id="notes" { "On the way, newest first" }
                    ol class="notes" {
                        @for note in report.notes.iter().rev().take(NOTES) { li { (time(note.at)) " " (note.text) } }
                    }
                    @if report.notes.len() > NOTES { p { a href={ "/upgrade/" (read.upgrade) "/report#notes" } { "All " (report.notes.len()) } } }
                }
            }
        }
    }
}

/// What a person is to do.
fn asked(read: &Read) -> Markup {
    let state = &read.loaded.state;
    html! {
        @if let Some(gate) = &state.gate {
            div class="asked" {
                p { strong { "A person is asked: " (gate.question.title) } }
                p { a class="button" href={ "/upgrade/" (read.upgrade) "/gate" } { "Read the question and answer" } }
                p class="soft" { "Since " (time(gate.since)) ", " (ticking(read, gate.since)) " ago." }
            }
        }
        @for (node, gate) in node_gates(read) {
            div class="asked" {
                p { strong { (node) " asks: " (gate.title) } }
                p { "It is answered on " (node) ": " code { "mailsec answer " (gate.id) " ANSWER" } }
            }
        }
        @if let Some(decided) = show::decided(state) {
            p class="asked" { strong { "Decided: " (decided) "." } " It is carried out at the next safe point, by the process that "
                "runs the upgrade, or else by the next " code { (show::program(state)) " resume" } "." }
        }
        @if let Some(now) = show::mail_now(&read.loaded) { p class="asked" { strong { (now) } } }
        @if state.standing == Standing::Paused {
            p class="asked" { strong { "Paused." } " On the server, " code { (show::program(state)) " resume" } " goes on." }
        }
        @if over(read) {
            p { a class="button" href={ "/upgrade/" (read.upgrade) "/report" } { "Read the report" } }
        }
    }
}

fn facts(read: &Read) -> Markup {
    let (state, report) = (&read.loaded.state, &read.loaded.report);
    let flight = state.flight.as_ref();
    let at = current(read);
    let step = at.and_then(|at| Some((at, state.plan_steps().get(at)?)));
    let next = state.plan_steps().iter().zip(&report.steps).enumerate().skip(at.map_or(0, |at| at + 1));
    let next_gate = next
        .filter(|(_, (step, line))| step.operation.asks() && !line.result.is_over())
        .map(|(index, (step, _))| (index, step))
        .next();
    html! {
        dl class="facts" {
            @if let (Some(naming), Some(from), Some(to)) = (&report.naming, &report.from, &report.to) {
                div { dt { "Upgrade" } dd { (naming.before) " " (from) " to " (naming.after) " " (to) } }
            }
            @if let Some(ReportStart { at, by }) = &report.started { div { dt { "Started" } dd { (time(*at)) " by " (by) } } }
            @if let Direction::Back(why) = &state.direction { div { dt { "Way back" } dd { (why) } } }
            @if let Some((index, step)) = step {
                div { dt { "Phase" } dd { (step.phase) } }
                div { dt { "Step" } dd {
                    (index + 1) " of " (report.steps.len()) ": " strong { (step.title) }
                    @if let Some(flight) = flight {
                        br; @if flight.undo { "being taken back" } @else { "begun" } " " (ticking(read, flight.since)) " ago"
                        "; usually takes about " (show::span(step.typical_secs().saturating_mul(1000)))
                        "; one try may take " (show::span(step.limit_secs.saturating_mul(1000)))
                        @if flight.attempt > 1 { "; try " (flight.attempt) }
                    }
                } }
            }
            (mail_facts(read))
            @if let Some(told) = read.driver.told(state) { div { dt { "Driven" } dd { (commands(&told)) } } }
            @if !over(read) {
                div { dt { "Next gate" } dd {
                    @match next_gate {
                        Some((index, step)) => { "step " (index + 1) ": " (step.title) },
                        None if show::of_nodes(&read.loaded) => "none of this plan; a node's own asks there, and what goes wrong asks here",
                        None => "none that the plan knows of; what goes wrong may ask",
                    }
                } }
            }
        }
    }
}

fn mail_facts(read: &Read) -> Markup {
    let Some(now) = mail(read) else {
        let told = match show::of_nodes(&read.loaded) {
            true => "each node watches its own",
            false => "not watched from here",
        };
        return html! { div { dt { "Mail" } dd { (told) } } };
    };
    let state = &read.loaded.state;
    let (class, sign) = match (now.flow, now.scanned) {
        (Flow::Flowing, true) => ("good", "✓"),
        (Flow::Flowing, false) => ("bad", "!"),
        (Flow::Held, _) => ("look", "‖"),
        (Flow::Down, _) => ("bad", "✗"),
    };
    // After the end nobody looks any more.
    let at = state.last.filter(|_| over(read)).or(state.last.map(|last| last.after(read.quiet)));
    let totals = at.map(|at| state.ledger_now().totals_at(at)).unwrap_or_default();
    html! {
        div { dt { "Mail" } dd class={ "mail " (class) } {
            span class="sign" aria-hidden="true" { (sign) } " " strong { (now) }
            @if !state.ledger_now().is_seen() { " (assumed)" }
            @if over(read) { ", when it ended" }
        } }
        @if let Some(plan) = &state.plan {
            @let (stopped, unscanned) = plan.typical_mail();
            div { dt { "Held or down" } dd { (counted(totals.held_ms + totals.down_ms, !over(read) && now.flow != Flow::Flowing)) " so far; the plan expects "
                (show::span(stopped.saturating_mul(1000))) " and allows " (show::span(plan.budget.stopped_secs.saturating_mul(1000))) } }
            div { dt { "Unscanned" } dd { (counted(totals.unscanned_ms, !over(read) && now.same(MailState::UNSCANNED))) " so far; the plan expects "
                (show::span(unscanned.saturating_mul(1000))) " and allows " (show::span(plan.budget.unscanned_secs.saturating_mul(1000)))
                @if plan.choices.unscanned == UnscannedPolicy::Allow { "; chosen when it was planned" } } }
        }
    }
}

/// A sentence whose commands stand between backticks.
pub(super) fn commands(told: &str) -> Markup {
    html! {
        @for (index, part) in told.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A time that has passed, which the script counts on.
fn ticking(read: &Read, since: Timestamp) -> Markup {
    counted(read.since_ms(since), true)
}

/// Milliseconds, which the script counts on where they go on.
fn counted(ms: u64, go_on: bool) -> Markup {
    html! { span data-ms=[go_on.then_some(ms)] { (show::span(ms)) } }
}

/// A time as a page has it.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (show::day_clock(at)) } }
}
