//! A person asks for something at every moment at which the program listens.

use mailsec_core::upgrade::{Finish, Request};
use mailsec_crash_tests::{Calm, Case, End, Rig, case, check, report, unchanged};

const PLANS: [&str; 4] = [
    "silent, held, with a restart",
    "silent, unscanned, with a restart",
    "attended, held",
    "account created, password generated",
];

/// Asks at each turn of the loop, and judges how it ended; past the last turn nobody listens any more.
fn at_every_turn(request: Request, mut judge: impl FnMut(&Case, &mut Rig, &End, &Calm) -> Vec<String>) {
    let mut wrong = Vec::new();
    for name in PLANS {
        let case = case(name);
        let planned = case.rig().unwrap();
        let calm = Calm::of(&case, &planned).unwrap();
        let turns = planned.again().turns(&case);
        for turn in 0..turns {
            let mut rig = planned.again();
            let person = case.person(&rig.host).asking(turn, request);
            let end = rig.run(&person);
            let found = judge(&case, &mut rig, &end, &calm);
            if !found.is_empty() {
                wrong.push(format!("{name}, {request} at turn {turn}: {}", found.join("; ")));
            }
        }
    }
    report(&wrong);
}

#[test]
fn a_pause_at_any_moment_and_a_resume_lead_to_the_same_server() {
    at_every_turn(Request::Pause, |case, rig, end, calm| {
        let end = match end {
            End::Paused => rig.run(&case.person(&rig.host).asking(0, Request::Resume)),
            other => other.clone(),
        };
        check(case, rig, &end, calm)
    });
}

#[test]
fn a_cancel_at_any_moment_leads_back_or_comes_too_late() {
    at_every_turn(Request::Cancel, |case, rig, end, calm| match end {
        End::Finished(Finish::RolledBack) => unchanged(&rig.before, rig),
        other => check(case, rig, other, calm),
    });
}

#[test]
fn a_rollback_at_any_moment_leads_back_or_comes_too_late() {
    at_every_turn(Request::RollBack, |case, rig, end, calm| match end {
        End::Finished(Finish::RolledBack) => unchanged(&rig.before, rig),
        other => check(case, rig, other, calm),
    });
}

#[test]
fn an_upgrade_can_be_abandoned_at_any_moment_and_nothing_is_changed_after() {
    at_every_turn(Request::Abandon, |_, rig, end, _| {
        if *end != End::Finished(Finish::Abandoned) && *end != End::Finished(Finish::Succeeded) {
            return vec![format!("{end:?}")];
        }
        let (events, world) = (rig.events().len(), rig.host.world());
        let again = rig.run(&mailsec_crash_tests::Person::away(&rig.host));
        let mut after = rig.host.world();
        // Taking it up again only reads, and reads take time.
        (after.now, after.mail, after.agenda) = (world.now, world.mail.clone(), world.agenda.clone());
        let same = again == *end && rig.events().len() == events;
        if same { Vec::new() } else { vec!["it went on after its end".to_owned()] }
    });
}
