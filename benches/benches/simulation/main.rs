//! How many whole upgrades of a simulated server one core runs in a second: without faults, with random ones, and with
//! the shipped journal's codec, chain and recovery; by turns with the same shape in turmoil.
//!
//! `cargo bench -p mailsec-benches --bench simulation`; what was measured stands in `docs/benchmarks.md`. What is
//! measured is the time of the processor, so that other work on the machine counts little.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod beside;

use beside::Shape;
use mailsec_benches::{median, processor_time};
use mailsec_core::{journal::Journal, plan::Choice, upgrade::Finish};
use mailsec_simulator::{
    Swarm, cases, device,
    explore::{End, Kept, Medium, Subject, Trial},
    people::{Person, obliging},
};
use mailsec_vipre::Vipre;
use std::time::Duration;

/// The plan that is run.
const CASE: &str = "silent, held, with a restart";
/// Of a thousand decisions, so many turn out badly.
const PER_MILLE: u64 = 10;
/// How often somebody starts a program again that could not write its journal.
const STARTS: usize = 40;

/// One way to run it.
struct Way {
    name: &'static str,
    subject: Subject,
    faults: bool,
    rounds: Vec<Duration>,
}

impl Way {
    fn new(name: &'static str, medium: Medium, faults: bool) -> Self {
        let subject = cases::case(CASE).unwrap().subject(&[&Vipre]).unwrap().kept_on(medium).unwrap();
        Self { name, subject, faults, rounds: Vec::new() }
    }

    fn run(&self, seed: u64) -> Trial {
        let mut trial = self.subject.trial();
        if self.faults {
            trial.host.set_tape(Swarm::new(seed, PER_MILLE));
        }
        to_the_end(&mut trial);
        trial
    }
}

fn main() {
    let measures = std::env::args().any(|word| word == "--bench");
    let (rounds, runs) = if measures { (9, 200) } else { (1, 2) };
    let mut ways = [
        Way::new("typed, no faults", Medium::Typed, false),
        Way::new("typed, faults", Medium::Typed, true),
        Way::new("device, no faults", Medium::Device, false),
        Way::new("device, faults", Medium::Device, true),
    ];
    for way in &ways {
        println!("{:<20} {}", way.name, Told::of(way, if measures { 500 } else { 2 }));
    }
    let shape = shape(&ways[2]);
    println!("turmoil: {shape:?}");
    let mut others = [("turmoil, no crash", 0, Vec::new()), ("turmoil, crashes", 3, Vec::new())];
    for round in 0..rounds {
        for way in &mut ways {
            let began = processor_time();
            for run in 0..runs {
                way.run(round * runs + run);
            }
            way.rounds.push(processor_time() - began);
        }
        for (_, crashes, times) in &mut others {
            let began = processor_time();
            for run in 0..runs {
                let at: Vec<usize> = (1..=*crashes).map(|crash| crash * shape.appends / 4).collect();
                beside::run(shape, round * runs + run, &at).unwrap();
            }
            times.push(processor_time() - began);
        }
    }
    let rate = |times: &[Duration]| 1000.0 * runs as f64 / median(times.to_vec());
    println!("\nper second and core, median of {rounds} rounds of {runs}");
    let turmoil = rate(&others[1].2);
    for (name, times) in ways
        .iter()
        .map(|way| (way.name, &way.rounds))
        .chain(others.iter().map(|(name, _, times)| (*name, times)))
    {
        println!("{name:<20} {:>9.0}   {:>6.2} of turmoil with crashes", rate(times), rate(times) / turmoil);
    }
}

/// Somebody answers every gate, and starts the program again that could not go on.
fn to_the_end(trial: &mut Trial) {
    let person = Person::new(&trial.host, |host, gate, state| {
        let any = || gate.choices.iter().copied().find(|choice| *choice != Choice::Abandon);
        obliging(host, gate, state).or_else(any)
    });
    for _ in 0..STARTS {
        match trial.run(&person) {
            End::Failed(_) => {}
            End::Finished(Finish::Succeeded | Finish::RolledBack) => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("it could not be brought to its end");
}

/// As many appends and calls of the server as an undisturbed upgrade has.
fn shape(way: &Way) -> Shape {
    let trial = way.run(0);
    let points = trial.host.points();
    let appends = points.iter().filter(|label| **label == device::UNFLUSHED).count();
    let bytes = match &trial.journal {
        Kept::Device(journal) => journal.bytes(trial.upgrade).len(),
        Kept::Memory(_) => 0,
    };
    let begun = way.subject.trial().journal.read(trial.upgrade).map_or(0, |envelopes| envelopes.len());
    assert_eq!(begun, 1, "the plan is there before the first append that is counted");
    let calls = usize::try_from(trial.host.calls()).unwrap();
    Shape { appends, bytes: bytes / (appends + 1), calls }
}

/// What the runs consist of, on average.
struct Told(f64, [usize; 6]);

impl Told {
    fn of(way: &Way, runs: u64) -> Self {
        let mut sums = [0; 6];
        for seed in 0..runs {
            let trial = way.run(seed);
            let decisions = trial.host.decisions();
            let counts = [
                trial.processes,
                trial.envelopes().len(),
                decisions.len(),
                decisions.iter().filter(|decision| decision.point).count(),
                decisions.iter().filter(|decision| decision.value != 0).count(),
                usize::from(matches!(
                    trial.loaded().state.standing,
                    mailsec_core::upgrade::Standing::Finished(Finish::Succeeded)
                )),
            ];
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        Self(runs as f64, sums)
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [processes, envelopes, decisions, points, bad, succeeded] = self.1.map(|sum| sum as f64 / self.0);
        write!(
            f,
            "{processes:.1} processes, {envelopes:.0} events, {decisions:.0} decisions ({points:.0} crash points), \
             {bad:.1} of them bad; {:.1} % succeeded, the others were rolled back",
            100.0 * succeeded
        )
    }
}
