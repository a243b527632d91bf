//! Every crash point of a plan, and every pair of them.

use super::{Calm, End, Subject, Takes, Trial, check, parallel};
use crate::{CrashAt, SimHost};
use std::fmt;

/// What a crash takes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The machine: a power cut.
    Machine,
    /// The process: a kill.
    Process,
}

impl Crash {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Machine, Self::Process];
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Machine => "power cut",
            Self::Process => "kill",
        })
    }
}

/// Where a run was interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// How.
    pub crash: Crash,
    /// At which points, counted from 0 over the whole run, with their labels.
    pub at: Vec<(usize, &'static str)>,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at", self.crash)?;
        for (index, (point, label)) in self.at.iter().enumerate() {
            write!(f, "{} point {point} ({label})", if index == 0 { "" } else { " and" })?;
        }
        Ok(())
    }
}

/// A run that ended otherwise than it must.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// Where it was interrupted.
    pub interrupted: Interrupted,
    /// What was wrong then.
    pub what: Vec<String>,
}

/// The run that took longest, on the server's own clock.
#[derive(Clone, Debug)]
pub struct Slowest {
    /// Where it was interrupted.
    pub interrupted: Interrupted,
    /// From the first process to the end.
    pub ms: i64,
    /// Processes that it took.
    pub processes: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// Crash points of an undisturbed run.
    pub points: usize,
    /// Runs.
    pub runs: usize,
    /// Those that went wrong.
    pub wrong: Vec<Wrong>,
    /// The one that took longest.
    pub slowest: Option<Slowest>,
}

impl Explored {
    /// One line for each run that went wrong.
    #[must_use]
    pub fn complaints(&self, name: &str) -> Vec<String> {
        self.wrong.iter().map(|w| format!("{name}, {}: {}", w.interrupted, w.what.join("; "))).collect()
    }

    /// Takes another exploration of the same plan in.
    pub fn add(&mut self, other: Self) {
        self.points = self.points.max(other.points);
        self.runs += other.runs;
        self.wrong.extend(other.wrong);
        let longer = |one: Slowest, two: Slowest| if two.ms > one.ms { two } else { one };
        self.slowest = match (self.slowest.take(), other.slowest) {
            (Some(one), Some(two)) => Some(longer(one, two)),
            (one, two) => one.or(two),
        };
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} points, {} runs, {} wrong", self.points, self.runs, self.wrong.len())?;
        if let Some(slowest) = &self.slowest {
            let secs = slowest.ms / 1000;
            write!(
                f,
                "; slowest: {secs} s of server time, {} processes, {}",
                slowest.processes, slowest.interrupted
            )?;
        }
        Ok(())
    }
}

/// One crash at each point.
#[must_use]
pub fn every_point(subject: &Subject, calm: &Calm, crash: Crash, threads: usize) -> Explored {
    let runs =
        parallel::each(calm.points.len(), threads, |point| one(subject, calm, crash, &[point]), |_| ());
    let mut all = Explored { points: calm.points.len(), ..Explored::default() };
    runs.into_iter().for_each(|run| all.add(run));
    all
}

/// Two crashes: each first one, with each second one that `pick` takes. The second lies anywhere behind the first, in
/// its recovery too.
#[must_use]
pub fn every_pair(
    subject: &Subject,
    calm: &Calm,
    crash: Crash,
    threads: usize,
    pick: impl Fn(usize, usize) -> bool + Sync,
) -> Explored {
    let pairs_of = |first| {
        let mut all = Explored::default();
        let (_, interrupted) = run(subject, crash, &[first]);
        let points = interrupted.host.points().len();
        for second in (first + 1..points).filter(|second| pick(first, *second)) {
            all.add(one(subject, calm, crash, &[first, second]));
        }
        all
    };
    let runs = parallel::each(calm.points.len(), threads, pairs_of, |_| ());
    let mut all = Explored { points: calm.points.len(), ..Explored::default() };
    runs.into_iter().for_each(|run| all.add(run));
    all
}

fn run(subject: &Subject, crash: Crash, points: &[usize]) -> (End, Trial) {
    let mut trial = subject.trial();
    trial.crash = Takes::Down(crash);
    trial.host.set_tape(CrashAt::each(points.iter().copied()));
    let end = trial.run(&subject.person(&trial.host));
    (end, trial)
}

fn one(subject: &Subject, calm: &Calm, crash: Crash, points: &[usize]) -> Explored {
    let (end, trial) = run(subject, crash, points);
    let interrupted = Interrupted { crash, at: labelled(&trial.host, points) };
    let what = check(subject, &trial, &end, calm);
    let ms = trial.host.look(|world| world.now.millis() - trial.before.now.millis());
    Explored {
        points: 0,
        runs: 1,
        slowest: Some(Slowest { interrupted: interrupted.clone(), ms, processes: trial.processes }),
        wrong: if what.is_empty() { Vec::new() } else { vec![Wrong { interrupted, what }] },
    }
}

fn labelled(host: &SimHost, points: &[usize]) -> Vec<(usize, &'static str)> {
    let passed = host.points();
    points.iter().map(|point| (*point, passed.get(*point).copied().unwrap_or("not reached"))).collect()
}
