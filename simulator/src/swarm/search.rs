//! Many seeds, shared out over threads, and what came of them all.

use super::{Arena, Coverage, Violation, trace};
use crate::explore::parallel;
use mailsec_core::values::Digest;

/// How seeds are played.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Each seed twice, and the traces compared.
    pub twice: bool,
    /// How many at a time.
    pub threads: usize,
}

/// What came of many seeds.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// How many were played.
    pub seeds: u64,
    /// Those that broke rules, with what was broken.
    pub broken: Vec<(u64, Vec<Violation>)>,
    /// Those that did not go the same way twice.
    pub unsteady: Vec<u64>,
    /// What happened in them.
    pub coverage: Coverage,
    /// Events that were journaled.
    pub events: u64,
    /// Processes that were run.
    pub processes: u64,
    /// Digest over the traces of all seeds, in order, when they were taken.
    pub trace: Option<Digest>,
}

impl Found {
    /// Takes the seeds that came next in.
    pub fn add(&mut self, other: Self) {
        self.trace = match (self.trace, other.trace) {
            (Some(one), Some(two)) => Some(Digest::of(format!("{one}{two}").as_bytes())),
            (one, two) => one.or(two),
        };
        self.seeds += other.seeds;
        self.broken.extend(other.broken);
        self.unsteady.extend(other.unsteady);
        self.coverage.add(other.coverage);
        self.events += other.events;
        self.processes += other.processes;
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken.is_empty() && self.unsteady.is_empty()
    }
}

/// The subject that a seed is played on: each in turn.
#[must_use]
pub fn arena_of(arenas: &[Arena], seed: u64) -> Option<&Arena> {
    let count = u64::try_from(arenas.len()).ok().filter(|count| *count > 0)?;
    arenas.get(usize::try_from(seed % count).ok()?)
}

/// Plays `count` seeds from `first` on. `done` is told how many are done.
#[must_use]
pub fn search(
    arenas: &[Arena],
    first: u64,
    count: usize,
    manner: Manner,
    done: impl Fn(usize) + Sync,
) -> Found {
    let play = |index: usize| {
        let seed = first.wrapping_add(index as u64);
        arena_of(arenas, seed).map(|arena| one(arena, seed, manner)).unwrap_or_default()
    };
    let mut all = Found::default();
    parallel::each(count, manner.threads, play, done).into_iter().for_each(|found| all.add(found));
    all
}

fn one(arena: &Arena, seed: u64, manner: Manner) -> Found {
    let played = arena.play(seed);
    let run = &played.played;
    let own = manner.twice.then(|| trace(run));
    let steady = own.is_none_or(|own| own == trace(&arena.play(seed).played));
    Found {
        seeds: 1,
        broken: if played.wrong.is_empty() { Vec::new() } else { vec![(seed, played.wrong)] },
        unsteady: if steady { Vec::new() } else { vec![seed] },
        coverage: Coverage::of(run),
        events: run.trial.acknowledged.len() as u64,
        processes: run.trial.processes as u64,
        trace: own,
    }
}
