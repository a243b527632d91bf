//! One run with trouble, then without: safe all the way, and in the end somewhere.

use super::whim::{patient, whimsical};
use crate::{
    explore::{End, Subject, Takes, Trial},
    fate::TROUBLE,
    faults::Fault,
    tape::Tape,
};
use mailsec_core::upgrade::Finish;

/// Processes that may meet trouble; after them it stops.
const TROUBLED: usize = 12;
/// Processes and gates after which a run that meets no more trouble must have ended.
const ROUNDS: usize = 12;

/// What came of a run.
pub struct Played {
    /// The server, the journal and the record of the run.
    pub trial: Trial,
    /// How it ended.
    pub end: End,
    /// The faults that struck, in order.
    pub struck: Vec<Fault>,
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
    let mut end = trial.run_within(TROUBLED, &whimsical(&trial.host, subject.deed));
    trial.host.calm_down();
    let mut given_up = false;
    if !matches!(end, End::Finished(_)) {
        if trial.host.is_off() {
            trial.power_on();
        }
        let before = subject.planned();
        trial.change(|world| world.mend(&before.before));
        let person = patient(&trial.host, subject.deed);
        for _ in 0..ROUNDS {
            end = trial.run(&person);
            match end {
                End::Paused => {
                    end = trial.run(&patient(&trial.host, subject.deed).asking(0, crate::people::RESUME));
                }
                End::Finished(_) => break,
                _ => {}
            }
        }
        given_up = end == End::Finished(Finish::Abandoned);
    }
    let struck = struck(&trial, troubles);
    Played { trial, end, struck, given_up }
}

fn struck(trial: &Trial, troubles: &[Fault]) -> Vec<Fault> {
    let decisions = trial.host.decisions();
    let picks = decisions.iter().filter(|decision| decision.label == TROUBLE);
    picks.filter_map(|pick| troubles.get(pick.value.checked_sub(1)?)).cloned().collect()
}
