//! A record in which one decision was changed, and everything behind it sealed anew: the chain is whole, and the replay
//! names the envelope.

use crate::{lines, run};
use mailsec_core::{
    engine::replay::{Instead, Replayed, replay},
    journal::{Envelope, Line, Stamp},
    plan::{Choice, Observation},
    upgrade::{Event, Finish},
    values::{Digest, Timestamp},
};
use mailsec_crash_tests::{Trial, subject};
use mailsec_simulator::{Calm, CrashAt, Swarm};
use std::collections::BTreeMap;

/// Seals these again as one chain.
fn sealed(trial: &Trial, envelopes: &[Envelope]) -> Vec<Line> {
    let mut prev = Digest::ZERO;
    (0_u64..)
        .zip(envelopes)
        .map(|(seq, envelope)| {
            let stamp =
                Stamp { at: envelope.at, boot: envelope.boot.clone(), engine: envelope.engine.clone() };
            let event = envelope.event.known().unwrap().clone();
            let line = Envelope::seal(trial.upgrade, seq, prev, &stamp, &[event]).unwrap().remove(0).1;
            prev = line.hash();
            line
        })
        .collect()
}

fn changed(trial: &Trial, change: impl FnOnce(&mut Vec<Envelope>)) -> Replayed {
    let mut envelopes = trial.envelopes();
    change(&mut envelopes);
    replay(&sealed(trial, &envelopes)).unwrap()
}

/// The same event, decided otherwise; nothing for an event that the engine does not decide on alone.
fn otherwise(event: &Event) -> Option<Event> {
    let mut event = event.clone();
    match &mut event {
        Event::StepIntended { attempt, .. }
        | Event::UndoIntended { attempt, .. }
        | Event::RestartIntended { attempt, .. }
        | Event::StepFailed { attempt, .. } => *attempt += 1,
        Event::StepSkipped { why, .. } | Event::RollbackBegun { why } => why.push('!'),
        Event::Resumed { found, .. } => found.push('!'),
        Event::GateOpened { choices, .. } => _ = choices.pop(),
        Event::GateEntered { gate } => *gate = mailsec_core::values::GateId::from_text("another#1"),
        Event::Finished { how } => {
            *how = if *how == Finish::Succeeded { Finish::RolledBack } else { Finish::Succeeded };
        }
        _ => return None,
    }
    Some(event)
}

#[test]
fn every_decision_that_is_changed_is_found_where_it_stands() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let runs = [
        (
            "silent, held, with a restart",
            run(&subject("silent, held, with a restart"), CrashAt::each([60, 130]), true),
        ),
        ("silent, unscanned", run(&subject("silent, unscanned"), Swarm::new(7, 60), true)),
        ("attended", run(&subject("attended, unscanned, with a restart"), Calm, false)),
        ("turned back", run(&subject("silent, held"), Swarm::new(3, 50), false)),
    ];
    for (name, trial) in &runs {
        for (index, envelope) in trial.envelopes().iter().enumerate() {
            let event = envelope.event.known().unwrap();
            let Some(other) = otherwise(event) else { continue };
            let kind = serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
            *kinds.entry(kind.clone()).or_default() += 1;
            let replayed = changed(trial, |all| {
                all[index].event = mailsec_core::journal::Recorded::Known(other.clone().into());
            });
            let found = replayed.departed.as_ref().map(|departure| departure.seq());
            if found != Some(index as u64) || replayed.same != index as u64 {
                wrong.push(format!("{name}: {kind} at {index}, found at {found:?}"));
            }
        }
    }
    println!("{kinds:?}");
    assert_eq!(wrong, Vec::<String>::new());
    for kind in ["step_intended", "restart_intended", "resumed", "gate_opened", "step_skipped", "finished"] {
        assert!(kinds.contains_key(kind), "no {kind} was changed: {kinds:?}");
    }
}

/// Runs until something is observed after a crash.
fn observed() -> (Trial, usize) {
    let subject = subject("silent, held");
    for point in 20..120 {
        let trial = run(&subject, CrashAt::new(point), false);
        let not_applied = |event: &Event| {
            matches!(event, Event::StepObserved { observation: Observation::NotApplied { .. }, .. })
        };
        if let Some(index) = trial.events().iter().position(not_applied) {
            return (trial, index);
        }
    }
    panic!("nothing was observed")
}

#[test]
fn what_was_seen_on_the_server_leads_to_another_decision_behind_it() {
    let (trial, index) = observed();
    let replayed = changed(&trial, |all| {
        let Some(Event::StepObserved { step, .. }) = all[index].event.known().cloned() else {
            unreachable!()
        };
        let observation = Observation::Unknown { evidence: Vec::new() };
        all[index].event =
            mailsec_core::journal::Recorded::Known(Event::StepObserved { step, observation }.into());
    });
    let departed = replayed.departed.unwrap();
    assert!(departed.seq() > index as u64 && departed.seq() <= index as u64 + 2, "{departed:?}");
    // It asks a person now, where the record begins the step again.
    let Instead::Event(instead) = &departed.instead else { panic!("{departed:?}") };
    assert!(matches!(instead.event.known(), Some(Event::GateOpened { .. })), "{instead:?}");
    let failure = departed.failure().to_string();
    assert!(failure.contains("step_intended") && failure.contains("gate_opened"), "{failure}");
}

#[test]
fn an_answer_that_the_gate_does_not_take_or_another_one() {
    let trial = run(&subject("attended, unscanned, with a restart"), Calm, true);
    let index = trial.events().iter().position(|event| matches!(event, Event::GateAnswered { .. })).unwrap();
    for (choice, refused) in [(Choice::CountAsDone, true), (Choice::RollBack, false)] {
        let replayed = changed(&trial, |all| {
            let mut event = all[index].event.known().unwrap().clone();
            if let Event::GateAnswered { choice: old, .. } = &mut event {
                *old = choice;
            }
            all[index].event = mailsec_core::journal::Recorded::Known(event.into());
        });
        let departed = replayed.departed.unwrap();
        assert_eq!(departed.seq(), index as u64 + u64::from(!refused), "{departed:?}");
        assert_eq!(departed.failure().to_string().contains("refuse"), refused, "{departed:?}");
    }
}

#[test]
fn events_that_are_missing_doubled_or_exchanged() {
    let trial = run(&subject("silent, held"), CrashAt::new(50), true);
    let events = trial.events();
    let steps: Vec<usize> = (0..events.len())
        .filter(|index| {
            matches!(
                events[*index],
                Event::StepIntended { .. } | Event::Resumed { .. } | Event::Finished { .. }
            )
        })
        .collect();
    for index in steps {
        let missing = changed(&trial, |all| _ = all.remove(index));
        match missing.departed.map(|departure| departure.seq()) {
            // What was seen of mail first in the step could have been seen just before it.
            Some(at) => assert!(at == index as u64 || at == index as u64 + 1, "without {index}: {at}"),
            // Without its last event a record is the beginning of one.
            None => assert_eq!(index + 1, events.len(), "without {index}: {:?}", events[index]),
        }
        let doubled = changed(&trial, |all| all.insert(index, all[index].clone()));
        let at = doubled.departed.unwrap().seq();
        assert!(at == index as u64 || at == index as u64 + 1, "twice {index}: found at {at}");
    }
    let pairs: Vec<usize> =
        (0..events.len() - 1).filter(|index| matches!(events[*index], Event::StepApplied { .. })).collect();
    for index in pairs {
        let departed = changed(&trial, |all| all.swap(index, index + 1)).departed.unwrap();
        assert!(departed.seq() <= index as u64 + 1, "{index} exchanged: {departed:?}");
    }
}

#[test]
fn a_time_that_does_not_fit_its_append_and_a_version_that_was_never_there() {
    let trial = run(&subject("silent, held"), Calm, true);
    let envelopes = trial.envelopes();
    // What an operation notes of mail is written with its outcome.
    let index = (1..envelopes.len()).find(|index| {
        let known = |index: usize| envelopes[index].event.known();
        matches!(known(*index), Some(Event::StepApplied { .. }))
            && matches!(known(*index - 1), Some(Event::MailFlowChanged { seen: true, .. }))
    });
    let index = index.unwrap();
    let late = changed(&trial, |all| {
        all[index].at = Timestamp::from_millis(all[index].at.millis() + 1);
    });
    let departed = late.departed.expect("a time of its own within an append");
    assert_eq!(departed.seq(), index as u64, "{departed:?}");
    let other = changed(&trial, |all| all[index].engine = "0.1.9".into());
    assert_eq!(other.departed.unwrap().seq(), index as u64);
    let whole = replay(&lines(&trial)).unwrap();
    assert_eq!((whole.departed, whole.processes), (None, trial.processes));
}
