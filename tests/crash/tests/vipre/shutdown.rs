//! Windows goes down, and waits for this process: at every moment at which the program itself waits or looks.

use mailsec_core::{Code, engine::Stop, host::Host, upgrade::Event, values::Timestamp};
use mailsec_crash_tests::{Calm, Subject, Trial, check, report, subject};
use mailsec_simulator::{CrashAt, World};
use std::{collections::BTreeMap, time::Duration};

const PLANS: [&str; 4] = [
    "silent, held, with a restart",
    "silent, unscanned, with a restart",
    "attended, held",
    "account created, password generated",
];

/// A process that ends reads what it must to say how mail is, and nothing else.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Runs until the process is told to end at its n-th wait, and judges how it did; `None` when there were fewer.
fn told_at(wait: usize, subject: &Subject, trial: &mut Trial) -> Option<Vec<String>> {
    let person = subject.person(&trial.host).ending(wait);
    let failure = loop {
        match trial.process(&person) {
            Ok(Stop::RestartPending) => {}
            Ok(stop) => {
                assert_eq!(person.told(), None, "it was told, and ended with {stop:?}");
                return None;
            }
            Err(_) if trial.host.is_off() => trial.power_on(),
            Err(failure) => break failure,
        }
    };
    let Some(told) = person.told() else { panic!("{failure:?}") };
    let mut wrong = Vec::new();
    if failure.code != Code::RequestRefused {
        wrong.push(format!("it ended with {failure:?}"));
    }
    let took = trial.host.clock().now().since(told);
    if took > AT_ONCE {
        wrong.push(format!("it ended {took:?} after it was told"));
    }
    Some(wrong)
}

/// What was in flight, and whether its restart was awaited.
fn at(trial: &Trial) -> (String, bool) {
    let state = trial.loaded().state;
    let flight = state.flight.as_ref();
    let step = flight.map(|flight| state.plan_steps()[flight.step].operation.word().to_owned());
    (step.unwrap_or_default(), flight.is_some_and(|flight| flight.restart.is_some()))
}

fn failures(trial: &Trial) -> usize {
    trial.events().iter().filter(|event| matches!(event, Event::StepFailed { .. })).count()
}

#[test]
fn a_process_that_is_told_to_end_ends_at_once_and_the_next_one_goes_on() {
    let (mut wrong, mut seen) = (Vec::new(), BTreeMap::new());
    for name in PLANS {
        let subject = subject(name);
        let calm = Calm::of(&subject).unwrap();
        for wait in 0.. {
            let mut trial = subject.trial();
            let Some(mut found) = told_at(wait, &subject, &mut trial) else {
                assert!(wait > 20, "{name} waits {wait} times only");
                break;
            };
            *seen.entry(at(&trial)).or_insert(0) += 1;
            trial.change(World::restart_process);
            let end = trial.run(&subject.person(&trial.host));
            found.extend(check(&subject, &trial, &end, &calm));
            if failures(&trial) > 0 {
                found.push("it counts as a failure".to_owned());
            }
            if !found.is_empty() {
                wrong.push(format!("{name}, told at wait {wait}: {}", found.join("; ")));
            }
        }
    }
    println!("{seen:#?}");
    report(&wrong);
    assert!(seen.keys().any(|(_, restarts)| *restarts), "no restart was awaited: {seen:?}");
}

/// When the first step began after the power had failed, in a process that was told to end meanwhile or in the next one.
fn begins_after_power_cut(subject: &Subject, told_at: Option<usize>) -> Option<Timestamp> {
    let mut trial = subject.trial();
    trial.host.set_tape(CrashAt::new(20));
    let person = subject.person(&trial.host);
    assert!(trial.process(&person).is_err() && trial.host.is_off());
    trial.power_on();
    let before = trial.envelopes().len();
    if let Some(wait) = told_at {
        let person = subject.person(&trial.host).ending(wait);
        assert!(trial.process(&person).is_err(), "the wait {wait} came too late");
        trial.change(World::restart_process);
    }
    if trial.envelopes().len() > before + 4 {
        return None;
    }
    trial.run(&person);
    let begun = |event: &Event| matches!(event, Event::StepIntended { .. });
    let mut after = trial.envelopes().into_iter().skip(before);
    after.find(|envelope| envelope.event.known().is_some_and(begun)).map(|envelope| envelope.at)
}

#[test]
fn services_that_come_up_after_a_boot_are_waited_for_by_whoever_begins_a_step() {
    let subject = subject("silent, held, with a restart");
    let undisturbed = begins_after_power_cut(&subject, None).unwrap();
    let told: Vec<Timestamp> =
        (0..8).map_while(|wait| begins_after_power_cut(&subject, Some(wait))).collect();
    assert!(told.len() > 2, "told {} times before a step began", told.len());
    assert!(told.iter().all(|at| *at >= undisturbed), "{told:?} before {undisturbed}");
}
