//! Sentences about an upgrade that every form of its report shares.

use super::{
    gate::program,
    rehearsal::rehearsed,
    text::{span, wrap},
};
use mailsec_core::{
    engine::{Loaded, Stop},
    plan::MailState,
    upgrade::{Finish, Next, Report, ReportStart, Standing, State, StepResult, next},
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
    let ledger = loaded.state.ledger_now();
    let now = ledger.now().filter(|now| !now.same(MailState::GOOD))?;
    let seen = ledger.is_seen();
    Some(match standing {
        Standing::Running | Standing::Paused if !seen => format!(
            "Mail may be {now} NOW: a step that may do that was begun, and nobody has seen yet how it went."
        ),
        Standing::Finished(_) => format!(
            "Mail is {now} NOW, and stays so until somebody acts: see that the product's agents are registered, set \
             MSExchangeTransport to start automatically again, and start it."
        ),
        _ => format!("Mail is {now} NOW, and stays so until this goes on."),
    })
}

/// What a person decided and nobody carried out yet: whoever takes the upgrade up next does so.
pub(crate) fn decided(state: &State) -> Option<String> {
    let open = matches!(state.standing, Standing::Planned | Standing::Running | Standing::Paused);
    if !open || state.gate.is_some() {
        return None;
    }
    match (next(state), state.request) {
        (Next::Finish(Finish::Abandoned), _) => {
            Some("abandon: the server is left as it is, and mail as it stands".to_owned())
        }
        (Next::TurnBack { why }, _) => Some(format!("roll back, because {why}")),
        (_, Some(request)) => Some(request.to_string()),
        _ => None,
    }
}

/// Whether it is a cluster's run.
pub(crate) fn of_nodes(loaded: &Loaded) -> bool {
    loaded.state.drives_nodes()
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

/// What is being done, to which server, since when.
pub(super) fn head(report: &Report) -> String {
    let mut text = String::new();
    if let (Some(naming), Some(from), Some(to)) = (&report.naming, &report.from, &report.to) {
        text.push_str(&format!("Server   {}\n", report.server));
        text.push_str(&format!("From     {} {from}\nTo       {} {to}\n", naming.before, naming.after));
    }
    // A plan that acts elsewhere is not rehearsed, so nothing is missing.
    if !report.elsewhere && report.plan.is_some() {
        text.push_str(&wrap("Trial    ", "         ", &rehearsed(report.rehearsed.as_ref())));
    }
    if let Some(ReportStart { at, by }) = &report.started {
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
        StepResult::Kept => "kept",
    }
}
