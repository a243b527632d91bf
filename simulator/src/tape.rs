//! The one source of everything undetermined.

use std::collections::{BTreeMap, BTreeSet};

/// Decides what the world leaves open. Zero always means "as it should be".
pub trait Tape: Send {
    /// One of `n` ways in which something may turn out; below `n`.
    fn choose(&mut self, label: &'static str, n: usize) -> usize;

    /// Whether the power goes off at a crash point.
    fn crash(&mut self, label: &'static str) -> bool {
        self.choose(label, 2) == 1
    }
}

/// Everything goes well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calm;

impl Tape for Calm {
    fn choose(&mut self, _label: &'static str, _n: usize) -> usize {
        0
    }
}

/// Everything goes well, but the power goes off at given crash points, counted from 0 over the tape's whole life:
/// a second entry lies after the first crash, for instance within the recovery.
#[derive(Clone, Debug, Default)]
pub struct CrashAt {
    at: BTreeSet<usize>,
    passed: usize,
}

impl CrashAt {
    /// Crashes once.
    #[must_use]
    pub fn new(point: usize) -> Self {
        Self::each([point])
    }

    /// Crashes at each of these.
    #[must_use]
    pub fn each(points: impl IntoIterator<Item = usize>) -> Self {
        Self { at: points.into_iter().collect(), passed: 0 }
    }
}

impl Tape for CrashAt {
    fn choose(&mut self, _label: &'static str, _n: usize) -> usize {
        0
    }

    fn crash(&mut self, _label: &'static str) -> bool {
        let here = self.passed;
        self.passed += 1;
        self.at.contains(&here)
    }
}

/// Repeats decisions by their index (crash points and choices share one count); zero elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    values: BTreeMap<usize, usize>,
    next: usize,
}

impl Replay {
    /// Repeats a whole recording.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = usize>) -> Self {
        Self::sparse(values.into_iter().enumerate().filter(|(_, value)| *value != 0))
    }

    /// Repeats only what was not zero: (index, value).
    #[must_use]
    pub fn sparse(values: impl IntoIterator<Item = (usize, usize)>) -> Self {
        Self { values: values.into_iter().collect(), next: 0 }
    }
}

impl Tape for Replay {
    fn choose(&mut self, _label: &'static str, n: usize) -> usize {
        let value = self.values.get(&self.next).copied().unwrap_or(0);
        self.next += 1;
        value.min(n.saturating_sub(1))
    }
}

/// Chooses by label, the same each time, and crashes at most at one point; what a faults file can say.
#[derive(Clone, Debug, Default)]
pub struct Labelled {
    values: BTreeMap<String, usize>,
    crash: CrashAt,
}

impl Labelled {
    /// Values by label, and the crash point.
    #[must_use]
    pub fn new(values: BTreeMap<String, usize>, crash_at: Option<usize>) -> Self {
        Self { values, crash: CrashAt::each(crash_at) }
    }
}

impl Tape for Labelled {
    fn choose(&mut self, label: &'static str, n: usize) -> usize {
        self.values.get(label).copied().unwrap_or(0).min(n.saturating_sub(1))
    }

    fn crash(&mut self, label: &'static str) -> bool {
        self.crash.crash(label)
    }
}

/// Pseudo-random trouble from a seed.
///
/// Every label has its own stream, so that a new decision in one place does not shift the others.
#[derive(Clone, Debug)]
pub struct Swarm {
    seed: u64,
    per_mille: u64,
    drawn: BTreeMap<&'static str, u64>,
}

impl Swarm {
    /// Trouble at about `per_mille` of a thousand decisions.
    #[must_use]
    pub fn new(seed: u64, per_mille: u64) -> Self {
        Self { seed, per_mille, drawn: BTreeMap::new() }
    }

    fn draw(&mut self, label: &'static str) -> u64 {
        let count = self.drawn.entry(label).or_insert(0);
        *count += 1;
        // FNV-1a of the label, then one round of splitmix64 over seed, label and count.
        let name = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut z = (self.seed ^ name).wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Tape for Swarm {
    fn choose(&mut self, label: &'static str, n: usize) -> usize {
        let drawn = self.draw(label);
        if n < 2 || drawn % 1000 >= self.per_mille {
            return 0;
        }
        let others = u64::try_from(n - 1).unwrap_or(1);
        usize::try_from((drawn / 1000) % others).map_or(0, |value| value + 1)
    }
}
