//! Every fault of the catalogue, one at a time.

use super::{
    Rehearsal, Struck, StruckEnd,
    run::{Ran, helper, mender, ran, succeeded},
};
use crate::{
    catalogue,
    catalogue::{Named, Scene},
    explore::{End, Subject, Trial, parallel, unchanged},
};
use mailsec_core::upgrade::Finish;

pub(super) fn rehearse(result: &mut Rehearsal, subject: &Subject, threads: usize) {
    let planned = subject.planned();
    let scene = Scene::of(&planned.plan, &planned.before);
    let faults = catalogue::of(&planned.plan.product, &scene);
    let struck = |index: usize| one(subject, &faults[index]);
    for (run, struck) in parallel::each(faults.len(), threads, struck, |_| ()) {
        result.add(run);
        result.faults.push(struck);
    }
}

fn one(subject: &Subject, (name, fault): &Named) -> (Ran, Struck) {
    let mut trial = subject.trial().struck_by(|world| fault.apply(world));
    let end = trial.run(&helper(&trial.host));
    let mut run = ran((*name).to_owned(), &trial, &end);
    let end = match end {
        End::Finished(Finish::Succeeded) => {
            run.wrong = succeeded(subject, &trial);
            StruckEnd::Succeeds
        }
        End::Finished(Finish::RolledBack) => {
            run.wrong = unchanged(&trial.before, &trial);
            StruckEnd::RolledBack
        }
        End::Waiting(gate) => match run.asked.last().cloned() {
            Some(asks) => {
                run.wrong = goes_on(subject, trial);
                StruckEnd::Asks(asks)
            }
            None => {
                run.wrong = vec![format!("it waits at {gate}, which never opened")];
                StruckEnd::Wrong
            }
        },
        other => {
            run.wrong = vec![format!("it ended as {other:?}")];
            StruckEnd::Wrong
        }
    };
    let end = if run.wrong.is_empty() { end } else { StruckEnd::Wrong };
    (run, Struck { fault: (*name).to_owned(), end })
}

/// Somebody puts right what is wrong, and tries again.
pub(super) fn goes_on(subject: &Subject, mut trial: Trial) -> Vec<String> {
    let sound = &subject.planned().before;
    trial.change(|world| catalogue::put_right(world, sound));
    match trial.run(&mender(&trial.host)) {
        End::Finished(Finish::Succeeded) => succeeded(subject, &trial),
        // The way back was begun already.
        End::Finished(Finish::RolledBack) => unchanged(&trial.before, &trial),
        other => vec![format!("it was put right, and ended as {other:?}")],
    }
}
