//! One run with trouble, then without: safe all the way, and in the end somewhere.

use super::whim::{patient, see_that_it_runs, whimsical};
use crate::{
    World,
    explore::{End, Subject, Takes, Trial},
    fate::TROUBLE,
    faults::Fault,
    people::RESUME,
    tape::Tape,
    worlds::exchange,
};
use mailsec_core::upgrade::Finish;
use std::time::Duration;

/// Processes that may meet trouble; after them it stops.
const TROUBLED: usize = 12;
/// Processes and gates after which a run that meets no more trouble must have ended.
const ROUNDS: usize = 12;
/// Events of one append that a crash may leave on the device although nobody can read them before it.
const UNFLUSHED: usize = 2;
/// How long a person stays away who comes back later.
const AWAY: Duration = Duration::from_secs(3_600);

/// What came of a run.
pub struct Played {
    /// The server, the journal and the record of the run.
    pub trial: Trial,
    /// How it ended.
    pub end: End,
    /// The faults that struck, in order.
    pub struck: Vec<Fault>,
    /// Events that were journaled when the trouble was over.
    pub calm_from: usize,
    /// Whether a person ended it when all trouble was over, because trying again did not help.
    pub given_up: bool,
}

/// Runs a subject with this tape and these faults at hand; then the trouble stops, what was broken is mended, and a
/// person sees it through. What may never happen may not happen in either part; and the second one must end.
#[must_use]
pub fn play(subject: &Subject, tape: impl Tape + 'static, troubles: &[Fault]) -> Played {
    let mut trial = subject.trial();
    trial.crash = Takes::AsTheTapeSays;
    trial.host.set_tape(tape);
    trial.host.set_troubles(troubles.to_vec());
    let mut end = troubled(&mut trial, subject);
    trial.host.calm_down();
    // What was written last and not flushed may turn out to be there: an answer, with the showing of its gate.
    let calm_from = trial.envelopes().len() + UNFLUSHED;
    let mut given_up = false;
    if !matches!(end, End::Finished(_)) {
        if trial.host.is_off() {
            trial.power_on();
        }
        let before = subject.planned();
        let stopped = struck(&trial, troubles);
        trial.change(|world| {
            world.mend(&before.before);
            start_again(world, &stopped);
        });
        let person = patient(&trial.host, subject.deed);
        for _ in 0..ROUNDS {
            end = trial.run(&person);
            match end {
                End::Paused => {
                    end = trial.run(&patient(&trial.host, subject.deed).asking(0, RESUME));
                }
                End::Finished(_) => break,
                _ => {}
            }
        }
        given_up = end == End::Finished(Finish::Abandoned);
    }
    let struck = struck(&trial, troubles);
    Played { trial, end, struck, calm_from, given_up }
}

/// Process after process, as long as there is trouble: what is paused is resumed, a gate left open is come back to, and
/// what failed is started again.
fn troubled(trial: &mut Trial, subject: &Subject) -> End {
    let whims = |trial: &Trial, comes_back| whimsical(&trial.host, subject.deed, comes_back);
    let mut person = whims(trial, 0);
    while trial.processes < TROUBLED {
        let end = trial.run_within(TROUBLED - trial.processes, &person);
        person = match end {
            End::Finished(_) | End::NoEnd => return end,
            End::Paused => {
                leave_alone(trial);
                whims(trial, 1).asking(0, RESUME)
            }
            End::Waiting(_) => {
                leave_alone(trial);
                whims(trial, 1)
            }
            End::Failed(_) => {
                trial.next_process();
                whims(trial, 0)
            }
        };
    }
    End::NoEnd
}

/// What somebody stopped of Exchange's own services is started again, where it is meant to run and can.
fn start_again(world: &mut World, struck: &[Fault]) {
    for fault in struck {
        let (Fault::ServiceStopped(name) | Fault::ServiceDies(name, _)) = fault else { continue };
        if exchange::is_own(name) {
            see_that_it_runs(world, name);
        }
    }
}

/// Nobody is there for a while, or not even that long.
fn leave_alone(trial: &Trial) {
    if trial.host.choose("person: comes back", 2) == 1 {
        // Where the power goes off meanwhile, the next process finds that out.
        _ = trial.change(|world| world.pass(AWAY));
    }
}

fn struck(trial: &Trial, troubles: &[Fault]) -> Vec<Fault> {
    let decisions = trial.host.decisions();
    let picks = decisions.iter().filter(|decision| decision.label == TROUBLE);
    picks.filter_map(|pick| troubles.get(pick.value.checked_sub(1)?)).cloned().collect()
}
