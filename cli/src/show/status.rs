//! Where an upgrade stands.

use super::{
    checklist,
    driver::Driver,
    gate::{gate, program},
    progress::{mail, next_question},
    record::{Record, todo},
    report::{decided, finished, head, mail_now, of_nodes, standing, word},
    text::{clock, span, wrap},
};
use mailsec_core::{
    Failure,
    engine::{Loaded, Message, Said},
    journal::Damage,
    upgrade::{Standing, State},
    values::Timestamp,
};

/// All of it. `now` is the time at the server, where that is known: what lasts is counted up to it, else up to the last
/// event.
pub(crate) fn status(
    record: &Record<'_>,
    driver: &Driver,
    inbox: &[(Message, Option<Failure>)],
    now: Option<Timestamp>,
) -> String {
    let loaded = record.loaded;
    let (report, state) = (&loaded.report, &loaded.state);
    let damaged = record.damage().is_some();
    let as_far = if damaged { "not known, the journal is DAMAGED; as far as it can be read: " } else { "" };
    let mut text = format!("Upgrade  {}\n", record.upgrade);
    text.push_str(&wrap("State    ", "         ", &format!("{as_far}{}", standing(state))));
    text.push_str(&head(report));
    let mut line = |label: &str, what: &str| text.push_str(&wrap(&format!("{label:<9}"), "         ", what));
    if let Some(doing) = doing(state, now).filter(|_| !damaged) {
        line("Now", &doing);
    }
    let at = now.or(state.last);
    let plan = state.plan.as_ref().filter(|plan| !of_nodes(loaded) && !plan.is_elsewhere());
    if let (Some(plan), Some(at), Some(_)) = (plan, at, state.ledger.now()) {
        let told = mail(&state.ledger_now(), &plan.budget, at);
        line("Mail", &format!("{as_far}{}", told.trim_start_matches("mail ")));
    }
    let over = matches!(state.standing, Standing::Finished(_));
    let decided = decided(state).filter(|_| !damaged);
    if let Some(decided) = &decided {
        line("Decided", decided);
    } else if let Some(next) = next_question(state).filter(|_| !over && state.gate.is_none()) {
        line("Next", &next);
    }
    if let Some(told) = driver.told(state) {
        line("Driven", &told);
    }
    for (message, refused) in inbox.iter().filter(|_| !over) {
        line("Said", &said(message, refused.as_ref()));
    }
    text.push_str(&checklist::summary(report));
    if state.gate.is_none() {
        // An open gate says itself what is to be done.
        text.push_str(&todo(record, driver.is_driven() == Some(true)));
    }
    let mut phase = None;
    for (index, step) in report.steps.iter().enumerate() {
        if phase.replace(step.phase) != Some(step.phase) {
            text.push_str(&format!("\n{}\n", step.phase));
        }
        text.push_str(&format!("  {:<9} {:>2}. {}\n", word(step.result), index + 1, step.title));
    }
    if let Some(open) = &state.gate {
        text.push_str(&gate(open, state));
    }
    text
}

/// What somebody said that the upgrade has not taken in.
fn said(message: &Message, refused: Option<&Failure>) -> String {
    let what = match &message.said {
        Said::Answer { gate, choice, .. } => format!("{choice} at {gate}"),
        Said::Request(request) => request.to_string(),
    };
    match refused {
        None => format!("{what}, by {}; it is not taken in yet", message.by),
        Some(why) => format!("{what}, by {}, was refused: {why}", message.by),
    }
}

/// The step that is under way, and since when.
fn doing(state: &State, now: Option<Timestamp>) -> Option<String> {
    let flight = state.flight.as_ref().filter(|_| !matches!(state.standing, Standing::Finished(_)))?;
    let step = state.plan_steps().get(flight.step)?;
    let back = if flight.undo { "taking back " } else { "" };
    let lasts = match now {
        Some(now) => format!("for {}", span(millis(now, flight.since))),
        None => format!("since {}", clock(flight.since)),
    };
    Some(format!(
        "{}, step {} of {}: {back}{}, {lasts}, usually {}",
        step.phase,
        flight.step + 1,
        state.steps.len(),
        step.title,
        span(step.typical_secs() * 1000)
    ))
}

fn millis(now: Timestamp, since: Timestamp) -> u64 {
    u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX)
}

/// The same, where the journal cannot say how it stands.
pub(crate) fn damaged_banner(loaded: &Loaded, damage: &Damage) -> String {
    let told = format!(
        "the journal of the upgrade of {} is DAMAGED ({}), so nobody can say how mail stands: see for yourself. `{} journal \
         verify` puts back what its second copy has; `mailsec status` says more.",
        loaded.report.server,
        damage.why,
        program(&loaded.state)
    );
    wrap("mailsec: ", "  ", &told)
}

/// What whoever logs on has to know, in a few lines; nothing when nothing is under way.
pub(crate) fn banner(loaded: &Loaded, driver: &Driver, now: Option<Timestamp>) -> String {
    let (state, report) = (&loaded.state, &loaded.report);
    let (Some(naming), Some(to)) = (&report.naming, &report.to) else { return String::new() };
    if let Standing::Finished(how) = state.standing {
        // What an abandoned upgrade left stays true until somebody acts; what went well is no news.
        return match mail_now(loaded) {
            Some(told) => wrap("mailsec: ", "  ", &format!("{} {told}", finished(how, loaded))),
            None => String::new(),
        };
    }
    let head = format!("the upgrade of {} to {} {to} is {}.", report.server, naming.after, standing(state));
    let mut text = wrap("mailsec: ", "  ", &head);
    if let Some(open) = &state.gate {
        let since = now.map_or(String::new(), |now| format!(", for {}", span(millis(now, open.since))));
        text.push_str(&wrap("  QUESTION  ", "            ", &format!("{}{since}", open.question.title)));
    } else if let Some(doing) = doing(state, now) {
        text.push_str(&wrap("  Now  ", "       ", &doing));
    }
    if let Some(told) = mail_now(loaded) {
        text.push_str(&wrap("  ", "  ", &told));
    }
    if state.gate.is_none()
        && driver.is_driven() == Some(false)
        && let Some(told) = driver.told(state)
    {
        text.push_str(&wrap("  Driven  ", "          ", &told));
    }
    text.push_str("  `mailsec status` shows it, `mailsec status --watch` follows it.\n");
    text
}
