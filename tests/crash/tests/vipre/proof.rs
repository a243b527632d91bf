//! A plan that ends with the proof of scanning.

use mailsec_core::{
    failure::Code,
    plan::{Choice, UnscannedPolicy},
    upgrade::{Event, Finish, GateKind},
};
use mailsec_crash_tests::{
    Calm, Crash, End, Explored, Person, Subject, Trial, every_point, obliging, parallel, plan, report,
    request,
};
use mailsec_simulator::{Tape, world::mail::MailGate, worlds::vipre_45};

fn trial(unscanned: UnscannedPolicy) -> Trial {
    let mut wanted = request();
    wanted.prove_scanning = true;
    wanted.unscanned = unscanned;
    plan(vipre_45(), &wanted).unwrap()
}

/// The product meets the test file in the way of this number.
struct Meets(usize);

impl Tape for Meets {
    fn choose(&mut self, label: &'static str, n: usize) -> usize {
        if label == "test file: how it is stopped" { self.0.min(n - 1) } else { 0 }
    }

    fn crash(&mut self, _label: &'static str) -> bool {
        false
    }
}

#[test]
fn however_the_product_stops_the_file_it_is_proof_and_the_mailbox_is_left_empty() {
    for meets in 0..4 {
        let mut trial = trial(UnscannedPolicy::Hold);
        trial.host.set_tape(Meets(meets));
        let person = Person::new(&trial.host, obliging);
        assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded), "{meets}");
        let report = trial.loaded().report;
        let step = report.steps.iter().find(|step| step.id.as_str() == "prove-scanning").unwrap();
        assert!(step.summary.starts_with("mail is scanned: "), "{step:?}");
        assert!(step.evidence.len() >= 4, "{step:?}");
        assert!(trial.host.world().mail.mailbox.is_empty());
    }
}

#[test]
fn agents_that_are_loaded_and_do_not_look_are_found_out_and_nobody_can_pass_over_it() {
    let mut trial = trial(UnscannedPolicy::Hold);
    // Registered, enabled and loaded as before; but mail passes somebody's who is not there.
    trial.change(|world| world.mail.scanners.push("An agent of the product that nobody knows".to_owned()));
    let person =
        Person::new(&trial.host, |_, gate, _| (gate.why == GateKind::Planned).then_some(Choice::Done));
    assert_eq!(trial.run(&person), End::Waiting("prove-scanning#1".to_owned()));
    let failed = trial.events().into_iter().find_map(|event| match event {
        Event::StepFailed { step, failure, .. } if step.as_str() == "prove-scanning" => Some(failure),
        _ => None,
    });
    let failure = failed.expect("a failure");
    assert_eq!(
        (failure.code, failure.found.as_deref()),
        (Code::MailUnscanned, Some("the test file was delivered unchanged"))
    );
    let choices = trial.loaded().state.gate.unwrap().choices;
    assert!(!choices.contains(&Choice::Skip), "{choices:?}");
    // It is mended, and tried again under another Message-ID.
    trial.change(|world| {
        world.mail.scanners.pop();
        world.mail.gate = MailGate::Scanned;
    });
    let person =
        Person::new(&trial.host, |_, gate, _| gate.id.to_string().ends_with("#1").then_some(Choice::Retry));
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}

#[test]
fn a_crash_at_any_point_of_it_leaves_a_proof_and_an_empty_mailbox() {
    for unscanned in [UnscannedPolicy::Hold, UnscannedPolicy::Allow] {
        let subject = Subject::of("with proof", trial(unscanned), obliging);
        let calm = Calm::of(&subject).unwrap();
        let mut all = Explored::default();
        for crash in Crash::BOTH {
            all.add(every_point(&subject, &calm, crash, parallel::cores()));
        }
        report(&all.complaints("with proof"));
    }
}
