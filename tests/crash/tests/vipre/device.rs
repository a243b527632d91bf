//! The journal as bytes on a device: whatever a crash leaves of a write, no acknowledged event is lost.

use mailsec_core::upgrade::Finish;
use mailsec_crash_tests::{Calm, Crash, End, Subject, check, every_point, parallel, report, subject};
use mailsec_simulator::{
    device::{CUT_AT, KEPT, UNFLUSHED},
    explore::Medium,
    tape::Labelled,
};

fn on_device(name: &str) -> (Subject, Calm) {
    let subject = subject(name).kept_on(Medium::Device).unwrap();
    let calm = Calm::of(&subject).unwrap_or_else(|why| panic!("{why}"));
    (subject, calm)
}

#[test]
fn survived_at_every_point_on_a_device() {
    let (subject, calm) = on_device("silent, unscanned, with a restart");
    for crash in Crash::BOTH {
        let all = every_point(&subject, &calm, crash, parallel::cores());
        println!("{all}");
        report(&all.complaints(&subject.name));
    }
}

#[test]
fn survived_with_everything_that_a_device_can_keep_of_every_write() {
    let (subject, calm) = on_device("silent, held");
    let writes: Vec<usize> =
        (0..).zip(&calm.points).filter(|(_, l)| **l == UNFLUSHED).map(|(at, _)| at).collect();
    assert!(writes.len() > 20, "{}", writes.len());
    let courses = parallel::each(
        writes.len(),
        parallel::cores(),
        |index| {
            let (mut runs, mut wrong) = (0, Vec::new());
            for kept in 0..4 {
                let mut cut = 0;
                loop {
                    let values = [(KEPT.to_owned(), kept), (CUT_AT.to_owned(), cut)];
                    let mut trial = subject.trial();
                    trial.host.set_tape(Labelled::new(values.into(), Some(writes[index])));
                    let end = trial.run(&subject.person(&trial.host));
                    runs += 1;
                    let what = check(&subject, &trial, &end, &calm);
                    if !what.is_empty() || end != End::Finished(Finish::Succeeded) {
                        wrong.push(format!("point {}, {kept}, {cut}: {}", writes[index], what.join("; ")));
                    }
                    let places = trial.host.decisions().iter().find(|d| d.label == CUT_AT).map_or(0, |d| d.n);
                    cut += 1;
                    if cut >= places {
                        break;
                    }
                }
            }
            (runs, wrong)
        },
        |_| (),
    );
    println!("{} runs", courses.iter().map(|(runs, _)| runs).sum::<usize>());
    let wrong: Vec<String> = courses.into_iter().flat_map(|(_, wrong)| wrong).collect();
    report(&wrong);
}
