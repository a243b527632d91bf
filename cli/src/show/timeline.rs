//! The course of an upgrade, line by line, from its envelopes alone: time, mail, where a process begins, and what
//! happened.

use super::text::{clock, span, wrap};
use mailsec_core::{
    journal::Envelope,
    plan::{Flow, MailState, Observation},
    upgrade::{Event, Finish, Position, State},
    values::StepId,
};
use serde_json::{Value, json};

/// One envelope as a reader wants it.
pub(crate) struct Moment<'e> {
    envelope: &'e Envelope,
    /// Which process wrote it, from 1. What a person journals while no process runs counts to the one before.
    process: usize,
    /// Whether that process begins here.
    begins: bool,
    /// Mail after it.
    mail: Option<MailState>,
    what: String,
}

/// The moments of an upgrade, in order.
pub(crate) fn moments(envelopes: &[Envelope]) -> Vec<Moment<'_>> {
    let mut state = State::default();
    let mut process = 0;
    let mut all: Vec<Moment<'_>> = Vec::with_capacity(envelopes.len());
    for (index, envelope) in envelopes.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| envelopes.get(before));
        let begins = begins(before, envelope);
        process += usize::from(begins);
        let what = match envelope.event.known() {
            Some(event) => {
                let what = told(event, &state);
                state.apply(Position { at: envelope.at, engine: &envelope.engine }, event);
                what
            }
            None => {
                state.pass_over();
                "something that this version of mailsec does not know".to_owned()
            }
        };
        all.push(Moment { envelope, process, begins, mail: state.ledger.now(), what });
    }
    all
}

/// Whether a process begins with this envelope: one starts the upgrade, each later one says first what it found.
fn begins(before: Option<&Envelope>, envelope: &Envelope) -> bool {
    let finds = |event: &Event| {
        matches!(event, Event::MailFlowChanged { seen: false, .. } | Event::UnplannedRestart { .. })
    };
    let Some(event) = envelope.event.known() else { return false };
    // What is found is journaled at once, under one time.
    let goes_on = before.is_some_and(|before| {
        before.at == envelope.at
            && before.boot == envelope.boot
            && before
                .event
                .known()
                .is_some_and(|event| finds(event) || matches!(event, Event::RestartProven { .. }))
    });
    match event {
        Event::Started { .. } => true,
        Event::Resumed { .. } => !goes_on,
        Event::RestartProven { .. } => !goes_on && before.is_some_and(|before| before.boot != envelope.boot),
        event => finds(event) && !goes_on,
    }
}

/// As text.
pub(crate) fn timeline(envelopes: &[Envelope]) -> String {
    let mut text = String::from("   #  time      mail       what happened\n");
    let mut day = String::new();
    for moment in moments(envelopes) {
        let envelope = moment.envelope;
        let today = envelope.at.to_string().get(..10).unwrap_or_default().to_owned();
        if moment.begins {
            let process = format!("-- process {}: mailsec {}, boot ", moment.process, envelope.engine);
            text.push_str(&wrap(&process, "   ", &envelope.boot.0));
        }
        if today != day {
            text.push_str(&format!("      {today} (UTC)\n"));
            day = today;
        }
        let first = format!("{:>4}  {}  {:<9}  ", envelope.seq, clock(envelope.at), mail(moment.mail));
        text.push_str(&wrap(&first, &" ".repeat(27), &moment.what));
    }
    text
}

/// For a program.
pub(crate) fn timeline_json(envelopes: &[Envelope]) -> Value {
    let line = |moment: Moment<'_>| {
        json!({
            "seq": moment.envelope.seq,
            "at": moment.envelope.at,
            "process": moment.process,
            "begins": moment.begins,
            "boot": moment.envelope.boot,
            "engine": moment.envelope.engine,
            "mail": moment.mail,
            "what": moment.what,
        })
    };
    moments(envelopes).into_iter().map(line).collect()
}

fn mail(mail: Option<MailState>) -> &'static str {
    match mail {
        None => "-",
        Some(MailState { flow: Flow::Held, .. }) => "held",
        Some(MailState { flow: Flow::Down, .. }) => "down",
        Some(MailState { scanned: true, .. }) => "scanned",
        Some(MailState { scanned: false, .. }) => "UNSCANNED",
    }
}

/// What an event tells, in the state before it.
fn told(event: &Event, state: &State) -> String {
    let step = |id: &StepId| {
        let steps = state.plan_steps();
        match steps.iter().position(|step| step.id == *id) {
            Some(index) => format!("{}/{} {}", index + 1, steps.len(), steps[index].title),
            None => id.to_string(),
        }
    };
    let again = |attempt: &u32| if *attempt > 1 { format!(", try {attempt}") } else { String::new() };
    let noted = |note: &str| if note.is_empty() { String::new() } else { format!(" ({note})") };
    match event {
        Event::Planned { plan, hash } => format!(
            "planned: {} {} to {}{} on {}, {} steps, plan {}",
            plan.naming.before,
            plan.from,
            if plan.naming.before == plan.naming.after {
                String::new()
            } else {
                format!("{} ", plan.naming.after)
            },
            plan.to,
            plan.server,
            plan.steps.len(),
            hash.short()
        ),
        Event::Rehearsed(rehearsed) => super::rehearsed(Some(rehearsed)),
        Event::Started { by, .. } => format!("started by {by}"),
        Event::Resumed { found, .. } => format!("taken up again: {found}"),
        Event::StepIntended { step: id, attempt, .. } => format!("{}: begins{}", step(id), again(attempt)),
        Event::StepApplied { step: id, outcome } => format!("{}: done, {}", step(id), outcome.summary),
        Event::StepObserved { step: id, observation: Observation::Applied(outcome) } => {
            format!("{}: looked, and it is done: {}", step(id), outcome.summary)
        }
        Event::StepObserved { step: id, observation } => {
            format!("{}: looked, and it is {}", step(id), observation.word())
        }
        Event::StepFailed { step: id, attempt, failure } => {
            format!("{}: FAILED{}: {failure}", step(id), again(attempt))
        }
        Event::StepSkipped { step: id, why } => format!("{}: left out, {why}", step(id)),
        Event::RollbackBegun { why } => format!("THE WAY BACK BEGINS: {why}"),
        Event::UndoIntended { step: id, attempt } => {
            format!("{}: is taken back{}", step(id), again(attempt))
        }
        Event::UndoApplied { step: id, outcome } => format!("{}: taken back, {}", step(id), outcome.summary),
        Event::UndoFailed { step: id, attempt, failure } => {
            format!("{}: TAKING IT BACK FAILED{}: {failure}", step(id), again(attempt))
        }
        Event::GateOpened { gate, question, choices, .. } => {
            let choices: Vec<&str> = choices.iter().map(|choice| choice.word()).collect();
            format!("GATE {gate}: {} [{}]", question.title, choices.join(", "))
        }
        Event::GateEntered { gate } => format!("gate {gate}: somebody is asked"),
        Event::GateAnswered { gate, choice, by, note, .. } => {
            format!("gate {gate}: {by} answers {choice}{}", noted(note))
        }
        Event::RestartIntended { step: id, attempt, .. } => {
            format!("{}: a restart is asked for{}", step(id), again(attempt))
        }
        Event::RestartProven { step: id, before, after } => {
            format!("{}: done, the server restarted (boot {before} -> {after})", step(id))
        }
        Event::UnplannedRestart { before, after } => {
            format!("THE SERVER RESTARTED BY ITSELF (boot {before} -> {after})")
        }
        Event::MailFlowChanged { mail, seen, waiting, .. } => {
            let how = if *seen { "" } else { " (assumed: nobody saw it)" };
            let waiting = waiting.map(|count| format!(", {count} messages wait")).unwrap_or_default();
            format!("mail: {mail}{how}{waiting}")
        }
        Event::CanaryWatched { summary } => super::canary::line(summary),
        Event::Requested { request, by, note } => format!("{by} asks to {request}{}", noted(note)),
        Event::Honoured { request } => format!("done as asked: {request}"),
        Event::Declined { request, why } => format!("not done: {request}, because {why}"),
        Event::Finished { how } => {
            let how = match how {
                Finish::Succeeded => "succeeded",
                Finish::RolledBack => "rolled back",
                Finish::Abandoned => "abandoned",
            };
            let took = match (state.started, state.last) {
                (Some(began), Some(last)) => u64::try_from(last.since(began).as_millis()).unwrap_or(0),
                _ => 0,
            };
            format!("over: {how}, after {}", span(took))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailsec_simulator::{CrashAt, cases, explore::Subject};

    fn subject() -> Subject {
        let products: [&'static dyn mailsec_core::product::MailSecurityProduct; 2] =
            [&mailsec_vipre::Vipre, &mailsec_eset::Eset];
        cases::case("silent, held").and_then(|case| case.subject(&products).ok()).expect("a plan")
    }

    #[test]
    fn every_envelope_has_its_line_and_each_process_that_wrote_begins_once() {
        let subject = subject();
        for point in (0..60).step_by(7) {
            let mut trial = subject.trial();
            trial.host.set_tape(CrashAt::new(point));
            trial.run(&subject.person(&trial.host));
            let envelopes = trial.envelopes();
            let all = moments(&envelopes);
            assert_eq!(all.len(), envelopes.len());
            let begun = all.iter().filter(|moment| moment.begins).count();
            assert!((1..=trial.processes).contains(&begun), "point {point}: {begun} of {}", trial.processes);
            let taken_up = trial.events().iter().any(|event| matches!(event, Event::Resumed { .. }));
            assert_eq!(begun > 1, taken_up, "point {point}");
            let text = timeline(&envelopes);
            assert!(text.contains("started by Ada") && text.contains("over: succeeded"), "{text}");
            // A path is one word, and is not broken.
            let long = text.lines().find(|line| line.chars().count() > 80 && !line.contains('\\'));
            assert_eq!(long, None);
        }
    }
}
