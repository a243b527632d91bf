//! Status and report, as text.

use super::{
    checklist,
    gate::{gate, program},
    rehearsal::rehearsed,
    text::{clock, span, wrap},
};
use mailsec_core::{
    engine::{Loaded, Stop},
    plan::MailState,
    upgrade::{Finish, Report, ReportStep, Standing, State, StepResult},
    values::{Digest, UpgradeId},
};

/// How it stands, in a word.
pub(crate) fn standing(state: &State) -> &'static str {
    match state.standing {
        Standing::Empty => "empty",
        Standing::Planned => "planned",
        Standing::Paused => "paused",
        Standing::Running if state.gate.is_some() => "waiting at a gate",
        Standing::Running => "under way",
        Standing::Finished(Finish::Succeeded) => "succeeded",
        Standing::Finished(Finish::RolledBack) => "rolled back",
        Standing::Finished(Finish::Abandoned) => "abandoned",
    }
}

pub(crate) fn stop_word(stop: &Stop) -> &'static str {
    match stop {
        Stop::Finished(Finish::Succeeded) => "succeeded",
        Stop::Finished(Finish::RolledBack) => "rolled-back",
        Stop::Finished(Finish::Abandoned) => "abandoned",
        Stop::GateOpen(_) => "gate-open",
        Stop::RestartPending => "restart-pending",
        Stop::Paused => "paused",
    }
}

/// What is said when a run stops.
pub(crate) fn stopped(stop: &Stop, loaded: &Loaded) -> String {
    let head = match stop {
        Stop::Finished(how) => finished(*how, loaded),
        Stop::GateOpen(_) => "Waiting for an answer.".to_owned(),
        Stop::RestartPending => {
            "The server restarts. The mailsec service goes on by itself; without it, run `mailsec resume`."
                .to_owned()
        }
        Stop::Paused => format!("Paused; `{} resume` goes on.", program(&loaded.state)),
    };
    let mut text = format!("{}{}", wrap("", "", &head), mail(loaded));
    if let Some(now) = mail_now(loaded) {
        text.push_str(&wrap("", "", &now));
    }
    text
}

/// How an upgrade ended, in a sentence.
pub(super) fn finished(how: Finish, loaded: &Loaded) -> String {
    let report = &loaded.report;
    let name = report.naming.as_ref().map_or("The product", |naming| naming.after.as_str());
    let to = report.to.as_ref().map(ToString::to_string).unwrap_or_default();
    match how {
        Finish::Succeeded if of_nodes(loaded) => {
            format!("{name} {to} is running on every node, and the cluster is whole.")
        }
        Finish::Succeeded if report.elsewhere => format!("{name} {to} is reported by every server."),
        Finish::Succeeded => format!("{name} {to} is running; version, agents and mail were verified."),
        Finish::RolledBack if of_nodes(loaded) => {
            "Ended before any node was begun; nothing was changed.".to_owned()
        }
        Finish::Abandoned if of_nodes(loaded) => {
            "Abandoned: nodes that are upgraded stay so, one under way goes on, the others are untouched."
                .to_owned()
        }
        Finish::RolledBack => {
            "Rolled back: the server is as it was, but for what the report names.".to_owned()
        }
        Finish::Abandoned => "Abandoned: the server was left as it is; see the report.".to_owned(),
    }
}

/// What mail suffers now, for whoever goes to bed now; nothing when it does not.
pub(crate) fn mail_now(loaded: &Loaded) -> Option<String> {
    let standing = loaded.state.standing;
    if matches!(standing, Standing::Finished(Finish::Succeeded | Finish::RolledBack)) {
        return None;
    }
    let now = loaded.state.ledger.now().filter(|now| !now.same(MailState::GOOD))?;
    Some(match standing {
        Standing::Finished(_) => format!(
            "Mail is {now} NOW, and stays so until somebody acts: see that the product's agents are registered, set \
             MSExchangeTransport to start automatically again, and start it."
        ),
        _ => format!("Mail is {now} NOW, and stays so until this goes on."),
    })
}

/// Whether it is a cluster's run.
pub(crate) fn of_nodes(loaded: &Loaded) -> bool {
    loaded.state.plan.as_ref().is_some_and(|plan| plan.drives_nodes())
}

pub(super) fn mail(loaded: &Loaded) -> String {
    if of_nodes(loaded) {
        return "Mail: each node's own report has it.\n".to_owned();
    }
    let report = &loaded.report;
    if report.elsewhere {
        return "Mail: not watched; the servers were reached by their management server alone.\n".to_owned();
    }
    let totals = report.mail;
    let verdict = if report.mail_within_budget { "within the budget" } else { "OVER THE BUDGET" };
    let assumed = if totals.assumed_ms > 0 {
        format!(" ({} of it assumed)", span(totals.assumed_ms))
    } else {
        String::new()
    };
    format!(
        "Mail: held {}, down {}, unscanned {}{assumed}; {verdict}.\n",
        span(totals.held_ms),
        span(totals.down_ms),
        span(totals.unscanned_ms)
    )
}

pub(crate) fn status(upgrade: UpgradeId, loaded: &Loaded) -> String {
    let report = &loaded.report;
    let mut text = format!("Upgrade  {upgrade}\nState    {}\n", standing(&loaded.state));
    text.push_str(&head(report));
    if let Some(mail) = loaded.state.ledger.now().filter(|_| !of_nodes(loaded)) {
        text.push_str(&format!("Mail     {mail}\n"));
    }
    text.push_str(&checklist::summary(report));
    text.push('\n');
    for (index, step) in report.steps.iter().enumerate() {
        text.push_str(&format!("  {:<9} {:>2}. {}\n", word(step.result), index + 1, step.title));
    }
    if let Some(open) = &loaded.state.gate {
        text.push_str(&gate(open, &loaded.state));
    }
    text
}

fn head(report: &Report) -> String {
    let mut text = String::new();
    if let (Some(naming), Some(from), Some(to)) = (&report.naming, &report.from, &report.to) {
        text.push_str(&format!("Server   {}\n", report.server));
        text.push_str(&format!("From     {} {from}\nTo       {} {to}\n", naming.before, naming.after));
    }
    // A plan that acts elsewhere is not rehearsed, so nothing is missing.
    if !report.elsewhere && report.plan.is_some() {
        text.push_str(&wrap("Trial    ", "         ", &rehearsed(report.rehearsed.as_ref())));
    }
    if let Some((at, by)) = &report.started {
        text.push_str(&format!("Started  {at} by {by}\n"));
    }
    text
}

pub(super) fn word(result: StepResult) -> &'static str {
    match result {
        StepResult::Waiting => "-",
        StepResult::Begun => "BEGUN",
        StepResult::Done => "done",
        StepResult::FoundDone => "found",
        StepResult::Skipped => "skipped",
        StepResult::Failed => "FAILED",
        StepResult::Undone => "undone",
    }
}

pub(crate) fn report(upgrade: UpgradeId, loaded: &Loaded, chain: Digest) -> String {
    let report = &loaded.report;
    let mut text = format!("UPGRADE {upgrade}\n\nOutcome  {}\n", standing(&loaded.state));
    text.push_str(&head(report));
    if let Some(last) = report.last {
        text.push_str(&format!("Last     {last}\n"));
    }
    text.push('\n');
    text.push_str(&mail(loaded));
    let changes = report.mail_changes.iter().filter(|_| !of_nodes(loaded));
    for change in changes {
        let how = if change.seen { "" } else { "  (assumed)" };
        text.push_str(&format!("  {}  {}{how}\n", clock(change.at), change.mail));
    }
    if let Some(canary) = &report.canary {
        text.push_str(&super::canary::lines(canary));
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
                Some((at, choice, by, note)) if note.is_empty() => {
                    format!("{choice}, by {by} at {}", clock(*at))
                }
                Some((at, choice, by, note)) => format!("{choice}, by {by} at {}: {note}", clock(*at)),
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
    let (events, unknown) = report.events;
    text.push_str(&format!("\nPlan     {}\n", report.plan.unwrap_or(Digest::ZERO)));
    text.push_str(&format!("Journal  {events} events; the chain ends in\n         {chain}\n"));
    if unknown > 0 {
        text.push_str(&format!("         {unknown} events of a newer version could not be read\n"));
    }
    text.push_str("         `mailsec journal verify` checks it\n");
    text
}

fn step_lines(index: usize, step: &ReportStep) -> String {
    let took = match (step.began, step.ended) {
        (Some(began), Some(ended)) => {
            format!("  {}", span(u64::try_from(ended.since(began).as_millis()).unwrap_or(u64::MAX)))
        }
        _ => String::new(),
    };
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
