//! Every kind of event as it stands in a journal: taken from simulated upgrades, so that no example says what the program
//! would not write.

use super::{MADE, golden};
use crate::products::REHEARSABLE;
use mailsec_core::{
    Code, Failure,
    journal::Envelope,
    upgrade::{CanarySummary, Event, Fate, Rehearsed, Request, Span, Verdict},
    values::{Digest, StepId, Timestamp},
};
use mailsec_simulator::{CrashAt, cases, people::Person};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write as _};

const HEAD: &str = "\
Each line of a journal is an envelope with one event; [the journal](../journal.md) says how they are kept, chained and
verified. Here is one envelope, then each kind of event once, as simulated upgrades have written it. Lists are cut after their
second entry, and long texts, for this page alone. A reader passes over fields and kinds that it does not know; new ones may come
with any version, and none changes its meaning. Every field, with its type, is in the [schema](journal.schema.json), by which
[any validator](../journal.md#schemas) checks a line.
";

/// A kind of event and what it tells. Total: a new kind needs its line here.
fn told(event: &Event) -> (&'static str, &'static str) {
    match event {
        Event::Planned { .. } => ("planned", "the plan, as it was shown, with its hash"),
        Event::Rehearsed(_) => {
            ("rehearsed", "the plan had been rehearsed; the result lies beside the journal")
        }
        Event::Started { .. } => ("started", "somebody said yes"),
        Event::Resumed { .. } => {
            ("resumed", "a process took the upgrade up again; `found` is a row of the recovery table")
        }
        Event::StepIntended { .. } => {
            ("step_intended", "a step is about to run; `before` is what its way back needs")
        }
        Event::StepApplied { .. } => ("step_applied", "it has run; `output` is for later steps"),
        Event::StepObserved { .. } => {
            ("step_observed", "after a crash or a failure the server was asked what is there")
        }
        Event::StepFailed { .. } => ("step_failed", "a try failed"),
        Event::StepSkipped { .. } => ("step_skipped", "it was left out"),
        Event::RollbackBegun { .. } => ("rollback_begun", "the way back begins"),
        Event::UndoIntended { .. } => ("undo_intended", "a step is about to be taken back"),
        Event::UndoApplied { .. } => ("undo_applied", "it was taken back, or what it made stays on purpose"),
        Event::UndoFailed { .. } => ("undo_failed", "taking it back failed"),
        Event::GateOpened { .. } => ("gate_opened", "a question is open; durable before anybody is asked"),
        Event::GateEntered { .. } => ("gate_entered", "somebody was shown it"),
        Event::GateAnswered { .. } => ("gate_answered", "somebody answered, and who"),
        Event::RestartIntended { .. } => ("restart_intended", "a restart is about to be asked for"),
        Event::RestartProven { .. } => ("restart_proven", "another boot identity proves it"),
        Event::UnplannedRestart { .. } => ("unplanned_restart", "the server restarted by itself"),
        Event::MailFlowChanged { .. } => {
            ("mail_flow_changed", "mail changed its state; not `seen`: the worst is assumed")
        }
        Event::CanaryWatched { .. } => {
            ("canary_watched", "what the canary has seen of mail so far; the last one counts")
        }
        Event::Requested { .. } => {
            ("requested", "somebody asked to pause, cancel, roll back, abandon or resume")
        }
        Event::Honoured { .. } => ("honoured", "it was done"),
        Event::Declined { .. } => ("declined", "it was not, and why"),
        Event::Finished { .. } => ("finished", "it is over"),
    }
}

/// How many kinds `told` knows.
pub(super) const KINDS: usize = 25;

/// The first of each kind, in the order of their first appearance in an upgrade.
pub(super) fn seen() -> BTreeMap<&'static str, (Event, &'static str)> {
    let mut all = BTreeMap::new();
    let mut take = |event: &Event| {
        let (kind, tells) = told(event);
        all.entry(kind).or_insert_with(|| (event.clone(), tells));
    };
    for name in ["silent, held, with a restart", "attended, held"] {
        let case = cases::case(name).expect("a case");
        let subject = case.subject(&REHEARSABLE).expect("a plan");
        for turn in 0..23 {
            for request in [None, Some(Request::RollBack), Some(Request::Pause)] {
                let mut trial = subject.trial();
                trial.host.set_tape(CrashAt::new(4 * turn));
                let person = Person::new(&trial.host, case.deed);
                let person = request.into_iter().fold(person, |person, request| person.asking(turn, request));
                trial.run(&person);
                trial.events().iter().for_each(&mut take);
            }
        }
    }
    // What these upgrades do not meet.
    let failure = Failure::new(Code::ServiceStart, "the service does not start").found("stopped");
    take(&Event::UndoFailed { step: StepId::new("hold-mail"), attempt: 1, failure: failure.clone() });
    take(&Event::StepFailed { step: StepId::new("check-installer"), attempt: 1, failure });
    take(&Event::Declined {
        request: Request::RollBack,
        why: "the point of no return is crossed".to_owned(),
    });
    take(&Event::Rehearsed(Rehearsed {
        plan: Digest::of(b"plan"),
        result: Digest::of(b"result"),
        runs: 334,
        verdict: Verdict::Converged,
        mailsec: crate::products::VERSION.to_owned(),
        other_facts: false,
    }));
    let (from, to) = (Timestamp::from_millis(1_772_326_800_000), Timestamp::from_millis(1_772_326_891_000));
    let (fate, count) = (Fate::Deferred, 76);
    take(&Event::CanaryWatched {
        summary: Box::new(CanarySummary {
            over: Some((from, to)),
            watched: true,
            fates: [(fate, count)].into(),
            senders: vec![Span { from, to, fate, count }],
            ..CanarySummary::default()
        }),
    });
    all
}

/// Shorter, for a page.
fn cut(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.truncate(2);
            list.iter_mut().for_each(cut);
        }
        Value::Object(fields) => fields.values_mut().for_each(cut),
        Value::String(text) if text.chars().count() > 160 => {
            *text = text.chars().take(150).chain(" ...".chars()).collect();
        }
        _ => {}
    }
}

fn block(text: &mut String, value: impl serde::Serialize) {
    let mut value = serde_json::to_value(value).expect("plain data");
    cut(&mut value);
    _ = write!(text, "\n```json\n{}\n```\n", serde_json::to_string_pretty(&value).expect("plain data"));
}

fn first_started() -> Envelope {
    let case = cases::case("silent, held").expect("a case");
    let mut trial = case.subject(&REHEARSABLE).expect("a plan").trial();
    let person = Person::new(&trial.host, case.deed);
    trial.run(&person);
    let mut all = trial.envelopes().into_iter();
    all.find(|envelope| matches!(envelope.event.known(), Some(Event::Started { .. })))
        .expect("it was started")
}

#[test]
fn the_page_on_events_has_each_of_them_as_it_is_written() {
    let seen = seen();
    assert_eq!(seen.len(), KINDS, "each kind has its example: {:?}", seen.keys());
    let mut page = format!("# Events\n\n{MADE}\n{HEAD}\n## An envelope\n");
    block(&mut page, first_started());
    page.push_str("\n`prev` is the BLAKE3 hash of the envelope before, zeros for the first; `boot` differs after each restart of the server.\n");
    for (kind, (event, tells)) in &seen {
        _ = write!(page, "\n## `{kind}`\n\n{}{}.\n", tells[..1].to_uppercase(), &tells[1..]);
        let value = serde_json::to_value(event).expect("plain data");
        assert_eq!(value["kind"], *kind, "the kind that is written");
        block(&mut page, value);
    }
    golden("reference/events.md", &page);
}
