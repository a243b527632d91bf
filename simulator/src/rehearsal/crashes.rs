//! A crash at every point, of the machine and of the process alone.

use super::{
    Rehearsal,
    run::{Ran, ran},
};
use crate::{
    CrashAt,
    explore::{Calm, Crash, Interrupted, Subject, Takes, check, parallel},
};
use mailsec_core::upgrade::GateKind;

pub(super) fn rehearse(result: &mut Rehearsal, subject: &Subject, calm: &Calm, threads: usize) {
    result.points = calm.points.len();
    let count = calm.points.len() * Crash::BOTH.len();
    let runs = parallel::each(count, threads, |index| one(subject, calm, index), |_| ());
    for run in runs {
        for asks in run.asked.iter().filter(|asks| asks.why != GateKind::Planned) {
            match result.in_doubt.iter_mut().find(|(known, _)| known == asks) {
                Some((_, times)) => *times += 1,
                None => result.in_doubt.push((asks.clone(), 1)),
            }
        }
        result.add(run);
    }
}

fn one(subject: &Subject, calm: &Calm, index: usize) -> Ran {
    let crash = Crash::BOTH[index / calm.points.len()];
    let point = index % calm.points.len();
    let mut trial = subject.trial();
    trial.crash = Takes::Down(crash);
    trial.host.set_tape(CrashAt::new(point));
    let end = trial.run(&subject.person(&trial.host));
    let interrupted = Interrupted { crash, at: vec![(point, calm.points[point])] };
    Ran { wrong: check(subject, &trial, &end, calm), ..ran(interrupted.to_string(), &trial, &end) }
}
