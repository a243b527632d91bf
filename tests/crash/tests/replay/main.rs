//! A recorded journal, replayed without its server, is written again to the same head; a record that somebody changed
//! is not, and the replay names where.
#![allow(clippy::unwrap_used, reason = "tests, helpers included")]

mod changed;
mod clusters;
mod people;
mod rehearsed;
mod same;

use mailsec_core::{
    engine::replay::replay,
    journal::{Line, Lines, MemoryJournal},
};
use mailsec_crash_tests::{Crash, Subject, Trial};
use mailsec_simulator::{
    Tape,
    explore::{Kept, Takes},
};

/// A run with this tape; `machine`: a crash takes the machine down, or only the process.
fn run(subject: &Subject, tape: impl Tape + 'static, machine: bool) -> Trial {
    let mut trial = subject.trial();
    trial.crash = takes(machine);
    trial.host.set_tape(tape);
    trial.run(&subject.person(&trial.host));
    trial
}

fn takes(machine: bool) -> Takes {
    Takes::Down(if machine { Crash::Machine } else { Crash::Process })
}

fn in_memory(trial: &mut Trial) -> &mut MemoryJournal {
    match &mut trial.journal {
        Kept::Memory(journal) => journal,
        Kept::Device(_) => panic!("these trials are kept in memory"),
    }
}

fn lines(trial: &Trial) -> Vec<Line> {
    match &trial.journal {
        Kept::Memory(journal) => journal.lines(trial.upgrade).unwrap(),
        Kept::Device(_) => panic!("these trials are kept in memory"),
    }
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
    complaint(&lines(trial))
}
