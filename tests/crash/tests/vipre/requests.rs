//! A person asks for something at every moment at which the program listens.

use mailsec_core::upgrade::{Event, Finish, Request};
use mailsec_crash_tests::{Calm, End, Subject, Trial, check, report, subject, unchanged};
use mailsec_simulator::CrashAt;

const PLANS: [&str; 4] = [
    "silent, held, with a restart",
    "silent, unscanned, with a restart",
    "attended, held",
    "account created, password generated",
];

/// Asks at each turn of the loop, and judges how it ended; past the last turn nobody listens any more.
fn at_every_turn(request: Request, mut judge: impl FnMut(&Subject, &mut Trial, &End, &Calm) -> Vec<String>) {
    let mut wrong = Vec::new();
    for name in PLANS {
        let subject = subject(name);
        let calm = Calm::of(&subject).unwrap();
        let turns = subject.trial().turns(subject.deed);
        for turn in 0..turns {
            let mut trial = subject.trial();
            let person = subject.person(&trial.host).asking(turn, request);
            let end = trial.run(&person);
            let found = judge(&subject, &mut trial, &end, &calm);
            if !found.is_empty() {
                wrong.push(format!("{name}, {request} at turn {turn}: {}", found.join("; ")));
            }
        }
    }
    report(&wrong);
}

#[test]
fn a_pause_at_any_moment_and_a_resume_lead_to_the_same_server() {
    at_every_turn(Request::Pause, |subject, trial, end, calm| {
        let end = match end {
            End::Paused => trial.run(&subject.person(&trial.host).asking(0, Request::Resume)),
            other => other.clone(),
        };
        check(subject, trial, &end, calm)
    });
}

/// Its message lies there until it is told as taken, and a crash comes in between.
#[test]
fn what_was_journaled_before_a_crash_is_not_taken_in_again_after_it() {
    let subject = subject(PLANS[0]);
    let (mut begun_anew, mut wrong) = (0, Vec::new());
    for point in 0.. {
        let mut trial = subject.trial();
        trial.host.set_tape(CrashAt::new(point));
        let person = subject.person(&trial.host).asking(9, Request::Pause);
        let end = trial.run(&person);
        if trial.processes == 1 {
            break;
        }
        begun_anew += 1;
        let said = |event: &Event| matches!(event, Event::Requested { .. });
        let said = trial.events().iter().filter(|event| said(event)).count();
        if said != 1 || end != End::Paused {
            wrong.push(format!("crash at {point}: said {said} times, {end:?}"));
        }
    }
    report(&wrong);
    assert!(begun_anew > 20, "{begun_anew} crashes before the pause");
}

#[test]
fn a_cancel_at_any_moment_leads_back_or_comes_too_late() {
    at_every_turn(Request::Cancel, |subject, trial, end, calm| match end {
        End::Finished(Finish::RolledBack) => unchanged(&trial.before, trial),
        other => check(subject, trial, other, calm),
    });
}

#[test]
fn a_rollback_at_any_moment_leads_back_or_comes_too_late() {
    at_every_turn(Request::RollBack, |subject, trial, end, calm| match end {
        End::Finished(Finish::RolledBack) => unchanged(&trial.before, trial),
        other => check(subject, trial, other, calm),
    });
}

#[test]
fn an_upgrade_can_be_abandoned_at_any_moment_and_nothing_is_changed_after() {
    at_every_turn(Request::Abandon, |_, trial, end, _| {
        if *end != End::Finished(Finish::Abandoned) && *end != End::Finished(Finish::Succeeded) {
            return vec![format!("{end:?}")];
        }
        let (events, world) = (trial.events().len(), trial.host.world());
        let again = trial.run(&mailsec_crash_tests::Person::away(&trial.host));
        let mut after = trial.host.world();
        // Taking it up again only reads, and reads take time.
        (after.now, after.mail, after.agenda) = (world.now, world.mail.clone(), world.agenda.clone());
        let same = again == *end && trial.events().len() == events;
        if same { Vec::new() } else { vec!["it went on after its end".to_owned()] }
    });
}
