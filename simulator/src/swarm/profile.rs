//! What a seed stands for: which kinds of trouble there are in its run, and how often.
//!
//! Each seed leaves most kinds out and makes the others frequent (swarm testing): a run in which everything goes a
//! little wrong finds less than many runs in which few things go wrong a lot.

use crate::{
    device::{CUT_AT, KEPT},
    explore::TAKES_DOWN,
    faults::Fault,
    tape::Tape,
};

/// Undetermined, and no trouble: each way is as likely.
const EVEN: [&str; 3] = [TAKES_DOWN, KEPT, CUT_AT];
/// Kinds of trouble, by how their labels begin; the last one takes every other label.
const KINDS: [&str; 12] = [
    "journal: ",
    "start service",
    "stop service",
    "install",
    "write file",
    "restart",
    "trouble",
    "person: answers",
    "person: lies",
    WISHES,
    "second process",
    "",
];
/// What a person asks for by themselves.
const WISHES: &str = "person: asks for";
/// Offered hundreds of times in a run, so each time they must be rare.
const OFTEN_OFFERED: [&str; 2] = [crate::fate::TROUBLE, WISHES];
/// The place of faults from the catalogue.
const TROUBLE_PLACE: usize = 6;
/// The place of services that do not start.
const START: usize = 1;
/// How often a kind strikes, of a thousand times, where a seed has it.
const RATES: [u64; 6] = [3, 10, 30, 60, 150, 400];
/// The same for crash points, of which a run has hundreds.
const CRASHES: [u64; 5] = [1, 2, 5, 10, 25];
/// The most trouble in one run.
const MOST: u64 = 20;

/// A stream of numbers from a seed (splitmix64).
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn rate(&mut self, rates: &[u64]) -> u64 {
        let pick = usize::try_from(self.below(rates.len() as u64)).unwrap_or(0);
        if self.below(2) == 0 { 0 } else { rates[pick] }
    }
}

/// FNV-1a.
fn hash(label: &str) -> u64 {
    label
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a seed makes of a subject's catalogue of faults.
#[derive(Clone, Debug)]
pub struct Profile {
    seed: u64,
    rates: [u64; KINDS.len()],
    crashes: u64,
    most: u64,
    /// The faults that may strike at crash points.
    pub troubles: Vec<Fault>,
}

impl Profile {
    /// Of a seed.
    #[must_use]
    pub fn of(seed: u64, catalogue: &[(&'static str, Fault)]) -> Self {
        let mut draw = Draw::new(seed);
        let mut rates = KINDS.map(|_| draw.rate(&RATES));
        let mut crashes = draw.rate(&CRASHES);
        let most = 1 + draw.below(MOST);
        let mut faults = draw.below(8);
        // What takes two things at once is rarer than it should be: some seeds see to it that one of them happens.
        match draw.below(4) {
            // A way back, and crashes on it.
            0 => {
                rates = [0; KINDS.len()];
                rates[START] = 400;
                crashes = CRASHES[CRASHES.len() - 1];
            }
            // One fault, and nothing else.
            1 => {
                rates = [0; KINDS.len()];
                rates[TROUBLE_PLACE] = 400;
                (crashes, faults) = (0, 1);
            }
            _ => {}
        }
        let mut troubles = Vec::new();
        if !catalogue.is_empty() {
            for _ in 0..faults {
                let pick = usize::try_from(draw.below(catalogue.len() as u64)).unwrap_or(0);
                troubles.push(catalogue[pick].1.clone());
            }
        }
        Self { seed, rates, crashes, most, troubles }
    }

    /// The tape of this seed's run.
    #[must_use]
    pub fn tape(&self) -> SwarmTape {
        SwarmTape { left: self.most, streams: Vec::new(), profile: self.clone() }
    }

    fn rate(&self, label: &str) -> u64 {
        let kind = KINDS.iter().position(|kind| label.starts_with(kind)).unwrap_or(KINDS.len() - 1);
        self.rates[kind] / if OFTEN_OFFERED.contains(&KINDS[kind]) { 10 } else { 1 }
    }
}

/// One label's own stream: a new decision in one place does not shift the others.
#[derive(Debug)]
struct Stream {
    label: u64,
    draw: Draw,
    rate: u64,
    even: bool,
}

/// Trouble as a seed has it.
#[derive(Debug)]
pub struct SwarmTape {
    profile: Profile,
    streams: Vec<Stream>,
    left: u64,
}

impl SwarmTape {
    fn stream(&mut self, label: &'static str, rate: impl FnOnce(&Profile) -> u64) -> &mut Stream {
        let key = hash(label);
        let place = self.streams.iter().position(|stream| stream.label == key).unwrap_or_else(|| {
            let rate = rate(&self.profile);
            let draw = Draw::new(self.profile.seed ^ key);
            self.streams.push(Stream { label: key, draw, rate, even: EVEN.contains(&label) });
            self.streams.len() - 1
        });
        &mut self.streams[place]
    }

    fn pick(&mut self, label: &'static str, n: usize, rate: impl FnOnce(&Profile) -> u64) -> usize {
        let left = self.left;
        let stream = self.stream(label, rate);
        let (drawn, ways) = (stream.draw.next(), u64::try_from(n).unwrap_or(1).max(1));
        if stream.even {
            return usize::try_from(drawn % ways).unwrap_or(0);
        }
        if left == 0 || ways < 2 || drawn % 1000 >= stream.rate {
            return 0;
        }
        self.left -= 1;
        usize::try_from((drawn / 1000) % (ways - 1)).map_or(0, |value| value + 1)
    }
}

impl Tape for SwarmTape {
    fn choose(&mut self, label: &'static str, n: usize) -> usize {
        self.pick(label, n, |profile| profile.rate(label))
    }

    fn crash(&mut self, label: &'static str) -> bool {
        self.pick(label, 2, |profile| profile.crashes) == 1
    }
}
