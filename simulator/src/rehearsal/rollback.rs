//! The way back: each change of the server is made to fail in turn, and somebody asks for the way back at every
//! moment at which the program listens. Then the server is compared with how it was.

use super::{
    AtStep, Rehearsal,
    run::{Ran, helper, ran, succeeded},
    troubles::goes_on,
};
use crate::{
    Fault,
    explore::{Calm, End, Subject, Trial, parallel, unchanged},
    faults::ChangeFails,
};
use mailsec_core::{
    upgrade::{Event, Finish, Request},
    values::StepId,
};

pub(super) fn rehearse(result: &mut Rehearsal, subject: &Subject, calm: &Calm, threads: usize) {
    steps(result, subject, calm, threads);
    requests(result, subject, threads);
}

/// How a step that failed ended.
enum Ended {
    WentOn,
    Restored,
    Asked,
    Wrong,
}

fn steps(result: &mut Rehearsal, subject: &Subject, calm: &Calm, threads: usize) {
    // The label of a change's first crash point.
    let changes = calm.points.iter().filter(|label| label.ends_with(": before")).count();
    let failing = |index: usize| {
        fails(
            subject,
            ChangeFails { after: u32::try_from(index / 2).unwrap_or(u32::MAX), done: index % 2 == 1 },
        )
    };
    let mut found: Vec<AtStep> = Vec::new();
    for (step, ended, run) in parallel::each(changes * 2, threads, failing, |_| ()) {
        if let Some(step) = step {
            let at = match found.iter_mut().position(|at| at.step == step) {
                Some(at) => &mut found[at],
                None => {
                    found.push(AtStep {
                        step,
                        failures: 0,
                        went_on: 0,
                        restored: 0,
                        asked: 0,
                        differs: Vec::new(),
                    });
                    let last = found.len() - 1;
                    &mut found[last]
                }
            };
            at.failures += 1;
            match ended {
                Ended::WentOn => at.went_on += 1,
                Ended::Restored => at.restored += 1,
                Ended::Asked => at.asked += 1,
                Ended::Wrong => at.differs.extend(run.wrong.iter().cloned()),
            }
        }
        result.add(run);
    }
    let plan = &subject.planned().plan;
    found.sort_by_key(|at| plan.index(&at.step));
    result.rollback.steps = found;
}

/// Makes one change fail; answers whose step it was.
fn fails(subject: &Subject, change: ChangeFails) -> (Option<StepId>, Ended, Ran) {
    let mut trial = subject.trial().struck_by(|world| Fault::ChangeFails(change).apply(world));
    let end = trial.run(&helper(&trial.host));
    let step = first_failed(&trial);
    let how = if change.done { "done, and reported as failed" } else { "made to fail" };
    let name = match &step {
        Some(step) => format!("{step}: change {} {how}", change.after + 1),
        None => format!("change {} {how}", change.after + 1),
    };
    let mut run = ran(name, &trial, &end);
    let (wrong, ended) = match end {
        End::Finished(Finish::Succeeded) => (succeeded(subject, &trial), Ended::WentOn),
        End::Finished(Finish::RolledBack) => (unchanged(&subject.planned().before, &trial), Ended::Restored),
        End::Waiting(_) => (goes_on(subject, trial), Ended::Asked),
        other => (vec![format!("it ended as {other:?}")], Ended::Wrong),
    };
    run.wrong = wrong;
    (step, if run.wrong.is_empty() { ended } else { Ended::Wrong }, run)
}

/// The step that the failure fell into.
fn first_failed(trial: &Trial) -> Option<StepId> {
    trial.events().into_iter().find_map(|event| match event {
        Event::StepFailed { step, .. } => Some(step),
        _ => None,
    })
}

fn requests(result: &mut Rehearsal, subject: &Subject, threads: usize) {
    let turns = subject.trial().turns(subject.deed);
    let asking = |turn: usize| asks_for_the_way_back(subject, turn);
    for run in parallel::each(turns, threads, asking, |_| ()) {
        match run.finish {
            Some(Finish::RolledBack) => result.rollback.requests_taken_back += 1,
            _ => result.rollback.requests_too_late += 1,
        }
        result.add(run);
    }
}

fn asks_for_the_way_back(subject: &Subject, turn: usize) -> Ran {
    let mut trial = subject.trial();
    let end = trial.run(&subject.person(&trial.host).asking(turn, Request::RollBack));
    let mut run = ran(format!("asked to roll back at moment {}", turn + 1), &trial, &end);
    run.wrong = match end {
        End::Finished(Finish::RolledBack) => unchanged(&trial.before, &trial),
        End::Finished(Finish::Succeeded) => succeeded(subject, &trial),
        End::Waiting(_) => goes_on(subject, trial),
        other => vec![format!("it ended as {other:?}")],
    };
    run
}
