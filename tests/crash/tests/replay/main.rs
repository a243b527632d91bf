//! A recorded journal, replayed without its server, is written again to the same head; a record that somebody changed
//! is not, and the replay names where.

mod changed;
mod clusters;
mod people;
mod same;

use mailsec_core::{
    engine::replay::replay,
    journal::{Line, Lines, MemoryJournal},
    values::UpgradeId,
};
use mailsec_crash_tests::{Subject, Trial};
use mailsec_simulator::Tape;

/// A run with this tape; `machine`: a crash takes the machine down, or only the process.
fn run(subject: &Subject, tape: impl Tape + 'static, machine: bool) -> Trial {
    let mut trial = subject.trial();
    trial.machine_crash = machine;
    trial.host.set_tape(tape);
    trial.run(&subject.person(&trial.host));
    trial
}

fn lines(journal: &MemoryJournal, upgrade: UpgradeId) -> Vec<Line> {
    journal.lines(upgrade).unwrap()
}

/// Why a record does not replay to its own head, if it does not.
fn complaint(lines: &[Line]) -> Option<String> {
    let replayed = replay(lines).unwrap();
    match &replayed.departed {
        None if replayed.same == lines.len() as u64 && replayed.head == lines[lines.len() - 1].hash() => None,
        None => Some(format!("it says that nothing differs, and yet: {replayed:?}")),
        Some(departure) => Some(departure.failure().to_string()),
    }
}

/// The record of a run replays to its own head.
fn replays(trial: &Trial) -> Option<String> {
    complaint(&lines(&trial.journal, trial.upgrade))
}
