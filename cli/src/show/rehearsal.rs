//! What a rehearsal came to.

use super::text::{span, wrap};
use mailsec_core::upgrade::{MailTotals, Rehearsed, Verdict};
use mailsec_simulator::rehearsal::{Asks, AtStep, Rehearsal, StruckEnd, WorstMail};
use std::{path::Path, time::Duration};

/// Runs that went wrong, of which so many are shown; the JSON has all.
const SHOWN: usize = 10;
/// Where what is said of a thing begins.
const COLUMN: usize = 30;

/// In a sentence: for whoever is about to begin, and for the report.
pub(crate) fn rehearsed(rehearsed: Option<&Rehearsed>) -> String {
    let Some(Rehearsed { verdict, runs, result, mailsec, other_facts, .. }) = rehearsed else {
        return "NOT REHEARSED".to_owned();
    };
    let told = match verdict {
        Verdict::Converged => format!("rehearsed: {runs} runs, each came to an allowed end"),
        Verdict::Diverged => {
            format!("REHEARSED, AND IT WENT WRONG: not each of {runs} runs came to an allowed end")
        }
    };
    let facts = if *other_facts { ", FROM OTHER FACTS THAN THE PLAN'S" } else { "" };
    format!("{told}{facts} (mailsec {mailsec}, result {})", result.short())
}

/// The same for whoever is about to begin, with what they can do.
pub(crate) fn rehearsed_or_not(kept: Option<&Rehearsed>) -> String {
    let told = rehearsed(kept);
    let hint = match kept.map(|kept| kept.verdict) {
        None => {
            ": `mailsec plan --out FILE`, then `mailsec rehearse FILE`, tries it on a copy of this server"
        }
        Some(Verdict::Diverged) => "; `mailsec rehearse` shows which, look at it before you begin",
        Some(Verdict::Converged) if kept.is_some_and(|kept| kept.other_facts) => {
            "; `mailsec rehearse` without --captured takes those that the plan was made from"
        }
        Some(Verdict::Converged) => "",
    };
    wrap("", "", &format!("{told}{hint}."))
}

/// All of it.
pub(crate) fn rehearsal(result: &Rehearsal, took: Duration, kept: Option<&Path>) -> String {
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let mut text = wrap(
        "",
        "",
        &format!(
            "{} runs on a copy of {}, built from its facts, in {}.",
            result.runs,
            result.server,
            span(took.max(100))
        ),
    );
    text.push_str(&verdict(result));
    if result.points > 0 {
        text.push_str(&tried(result));
        text.push_str(&mail(result));
        text.push_str(&questions(result));
        text.push_str(&faults(result));
        text.push_str(&way_back(result));
    }
    text.push_str("\nAssumed, because no fact tells\n");
    for line in &result.assumptions {
        text.push_str(&wrap("  - ", "    ", line));
    }
    text.push_str(&format!("\nPlan    {}\nResult  {}\n", result.plan, result.hash()));
    match kept {
        Some(kept) => text.push_str(&format!("Kept in\n  {}\n", kept.display())),
        None => text.push_str("Not kept: name the journal's folder with --state, and `run` knows of it\n"),
    }
    text
}

fn verdict(result: &Rehearsal) -> String {
    if result.converges() {
        return "Each of them came to an allowed end.\n".to_owned();
    }
    let mut text = format!("{} OF THEM WENT WRONG.\n\n", result.wrong.len());
    for wrong in result.wrong.iter().take(SHOWN) {
        text.push_str(&wrap("  - ", "    ", &format!("{}: {}", wrong.run, wrong.what.join("; "))));
    }
    if result.wrong.len() > SHOWN {
        text.push_str(&format!("  and {} more; --json shows all\n", result.wrong.len() - SHOWN));
    }
    text
}

/// A thing, and what is said of it.
fn row(thing: &str, told: &str) -> String {
    let thing = format!("  {thing}");
    if thing.chars().count() >= COLUMN {
        return format!("{thing}\n{}", wrap(&" ".repeat(COLUMN), &" ".repeat(COLUMN), told));
    }
    wrap(&format!("{thing:<COLUMN$}"), &" ".repeat(COLUMN), told)
}

fn tried(result: &Rehearsal) -> String {
    let failures: usize = result.rollback.steps.iter().map(|step| step.failures).sum();
    let requests = result.rollback.requests_taken_back + result.rollback.requests_too_late;
    let mut text = String::from("\nTried\n");
    text.push_str(&row("crashes", &format!("{} points, each by a power cut and by a kill", result.points)));
    text.push_str(&row("faults", &format!("{}, each when the upgrade begins", result.faults.len())));
    text.push_str(&row(
        "failing changes",
        &format!("{failures} ways in {} steps", result.rollback.steps.len()),
    ));
    text.push_str(&row("asked to roll back", &format!("{requests} times, at each moment that it listens")));
    if let Some(slowest) = &result.slowest {
        let processes = match slowest.processes {
            1 => "1 process".to_owned(),
            more => format!("{more} processes"),
        };
        let told = format!("{} in {processes}; {}", span(slowest.ms), slowest.run);
        text.push_str(&row("slowest run", &told));
    }
    text
}

fn totals(mail: &MailTotals) -> String {
    format!("held {}, down {}, unscanned {}", span(mail.held_ms), span(mail.down_ms), span(mail.unscanned_ms))
}

fn mail(result: &Rehearsal) -> String {
    let mut text = format!("\nMail, by the ledger\n{}", row("undisturbed", &totals(&result.calm)));
    text.push_str(&worst("longest stopped", result.stopped.as_ref()));
    text.push_str(&worst("longest unscanned", result.unscanned.as_ref()));
    text
}

fn worst(what: &str, worst: Option<&WorstMail>) -> String {
    let Some(worst) = worst else { return row(what, "never") };
    let budget = if worst.within_budget { "within the budget" } else { "OVER THE BUDGET" };
    row(what, &format!("{}; {budget}; {}", totals(&worst.mail), worst.run))
}

fn questions(result: &Rehearsal) -> String {
    let mut text = String::from("\nA person is asked\n");
    for asks in &result.planned_questions {
        text.push_str(&row("by the plan", &asks.title));
    }
    for (asks, times) in &result.in_doubt {
        text.push_str(&row(&format!("after a crash, {times} runs"), &asks.title));
    }
    let faults = result.faults.iter().filter(|struck| matches!(struck.end, StruckEnd::Asks(_))).count();
    text.push_str(&row("when a fault strikes", &format!("at {faults} of {}", result.faults.len())));
    text
}

fn faults(result: &Rehearsal) -> String {
    let mut text = String::from("\nFaults\n");
    for struck in &result.faults {
        let told = match &struck.end {
            StruckEnd::Succeeds => "succeeds all the same".to_owned(),
            StruckEnd::RolledBack => "rolled back, nothing differs".to_owned(),
            StruckEnd::Asks(asks) => told(asks),
            StruckEnd::Wrong => "WRONG, see above".to_owned(),
        };
        text.push_str(&row(&struck.fault, &told));
    }
    text
}

fn told(asks: &Asks) -> String {
    match asks.todo.first() {
        Some(first) => format!("asks: {} - {first}; done once it is put right", asks.title),
        None => format!("asks: {}; done once it is put right", asks.title),
    }
}

fn way_back(result: &Rehearsal) -> String {
    let back = &result.rollback;
    let mut text = String::from("\nWhen a step fails: each change undone, or done and reported as failed\n");
    for step in &back.steps {
        text.push_str(&row(step.step.as_str(), &at_step(step)));
    }
    text.push_str(&row(
        "asked to roll back",
        &format!(
            "{} times: nothing differs; {} times too late, it goes on",
            back.requests_taken_back, back.requests_too_late
        ),
    ));
    if !back.kept.is_empty() {
        text.push_str("\nStays on purpose when it is rolled back\n");
    }
    for (step, why) in &back.kept {
        text.push_str(&row(step.as_str(), why));
    }
    text
}

fn at_step(step: &AtStep) -> String {
    let mut parts = Vec::new();
    if step.restored > 0 {
        parts.push(format!("rolled back {}, nothing differs", times(step.restored)));
    }
    if step.went_on > 0 {
        parts.push(format!("goes on {}", times(step.went_on)));
    }
    if step.asked > 0 {
        parts.push(format!("asks {}", times(step.asked)));
    }
    parts.extend(step.differs.iter().map(|what| format!("WRONG: {what}")));
    parts.join("; ")
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
