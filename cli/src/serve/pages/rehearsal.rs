//! What a rehearsal of the plan came to, as it was kept.

use crate::show;
use mailsec_core::upgrade::MailTotals;
use mailsec_simulator::rehearsal::{Rehearsal, StruckEnd, WorstMail};
use maud::{Markup, html};

pub(super) fn rehearsal(kept: &Rehearsal) -> Markup {
    html! {
        @if !kept.converges() {
            div class="refusal" {
                p { strong { (kept.wrong.len()) " of " (kept.runs) " runs went wrong." } }
                ul { @for wrong in &kept.wrong { li { (wrong.run) ": " (wrong.what.join("; ")) } } }
            }
        }
        dl class="facts" {
            div { dt { "Crashes tried" } dd { (kept.points) " points, each by a power cut and by a kill; " (kept.runs) " runs in all" } }
            div { dt { "Mail, calm" } dd { (totals(&kept.calm)) } }
            div { dt { "Longest stopped" } dd { (worst(kept.stopped.as_ref())) } }
            div { dt { "Longest unscanned" } dd { (worst(kept.unscanned.as_ref())) } }
            @if let Some(slowest) = &kept.slowest { div { dt { "Slowest run" } dd { (show::span(slowest.ms)) "; " (slowest.run) } } }
            div { dt { "Result" } dd { code { (kept.hash()) } } }
        }
        @if !kept.planned_questions.is_empty() || !kept.in_doubt.is_empty() {
            h3 { "A person is asked" }
            ul {
                @for asks in &kept.planned_questions { li { "by the plan: " (asks.title) } }
                @for (asks, runs) in &kept.in_doubt { li { "after a crash, in " (runs) " runs: " (asks.title) } }
            }
        }
        @if !kept.faults.is_empty() {
            table class="faults" {
                caption { "When a fault strikes" }
                thead { tr { th scope="col" { "Fault" } th scope="col" { "How it ends" } } }
                tbody { @for struck in &kept.faults { tr { td { (struck.fault) } td { (ends(&struck.end)) } } } }
            }
        }
        @if !kept.rollback.kept.is_empty() {
            h3 { "Stays on purpose when it is rolled back" }
            ul { @for (step, why) in &kept.rollback.kept { li { code { (step) } ": " (why) } } }
        }
        @if !kept.assumptions.is_empty() {
            h3 { "Assumed, because no fact tells" }
            ul { @for one in &kept.assumptions { li { (one) } } }
        }
    }
}

fn totals(mail: &MailTotals) -> String {
    let [held, down, unscanned] = [mail.held_ms, mail.down_ms, mail.unscanned_ms].map(show::span);
    format!("held {held}, down {down}, unscanned {unscanned}")
}

fn worst(worst: Option<&WorstMail>) -> String {
    let Some(worst) = worst else { return "never".to_owned() };
    let budget = if worst.within_budget { "within the budget" } else { "OVER THE BUDGET" };
    format!("{}; {budget}; {}", totals(&worst.mail), worst.run)
}

fn ends(end: &StruckEnd) -> Markup {
    html! {
        @match end {
            StruckEnd::Succeeds => "succeeds all the same",
            StruckEnd::RolledBack => "rolled back, nothing differs",
            StruckEnd::Asks(asks) => { "asks: " (asks.title) "; done once it is put right" },
            StruckEnd::Wrong => strong { "WRONG, see above" },
        }
    }
}
