//! What durability costs: an upgrade of thirty steps without effects, and thirty raw appends with their flushes, by
//! turns. Both meet the same device in the same seconds, so their ratio means something where neither time does.
//!
//! `cargo bench -p mailsec-benches`; what was measured stands in `docs/benchmarks.md`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures and prints"
)]

use mailsec_benches::{CountingDisk, Idle, Raw, STEPS, Workload, median, peak_memory};
use mailsec_core::{
    engine::Stop,
    host::Host,
    journal::{DiskJournal, Journal, OpenOptions},
    upgrade::Finish,
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

/// Before this step the process is killed.
const DEADLY: &str = "step-16";
/// An append of an outcome and the next intent is about so long.
const APPEND_BYTES: usize = 900;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if let Some(folder) = arguments.next().filter(|_| first.as_deref() == Some("--die-in")) {
        return run_until_killed(Path::new(&folder));
    }
    let rounds = if std::env::args().any(|word| word == "--bench") { 15 } else { 1 };
    // Below the target folder, which lies on a device; the system's folder for temporary files often does not.
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("engine-{}", std::process::id()));
    std::fs::create_dir_all(&base).unwrap();
    steps(&base, rounds);
    restarts(&base, rounds);
    if let Some(peak) = peak_memory() {
        println!("peak memory                 {:>8.1} MB", peak as f64 / 1024.0);
    }
    std::fs::remove_dir_all(&base).unwrap();
}

fn open(folder: &Path, workload: &Workload, disk: Option<Arc<CountingDisk>>) -> DiskJournal {
    let boot = futures::executor::block_on(workload.host().power().boot()).unwrap();
    let mut options = OpenOptions::new("bench", workload.host().clock().now()).boot(boot);
    if let Some(disk) = disk {
        options = options.disk(disk);
    }
    DiskJournal::open(folder, options).unwrap().0
}

fn tenth(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 10].as_secs_f64() * 1000.0
}

/// The steps, beside the raw device.
fn steps(base: &Path, rounds: usize) {
    let (mut engine, mut step, mut flushes) = (Vec::new(), Vec::new(), (0, 0));
    let (mut raw, mut append) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut upgrade = || {
            let folder = base.join(format!("steps-{round}"));
            let (took, each, flushed) = upgrade(&folder);
            engine.push(took);
            step.extend(each);
            flushes = flushed;
        };
        let mut appends = || {
            let mut device = Raw::new(&base.join("raw"), APPEND_BYTES).unwrap();
            let each: Vec<Duration> = (0..STEPS).map(|_| device.append().unwrap()).collect();
            raw.push(each.iter().sum::<Duration>());
            append.extend(each);
        };
        // Each goes first every other time: a device that drifts then favours neither.
        if round % 2 == 0 {
            upgrade();
            appends();
        } else {
            appends();
            upgrade();
        }
    }
    println!("medians of {rounds} rounds");
    println!("{STEPS} durable steps            {:>8.2} ms", median(engine));
    println!("{STEPS} raw appends and flushes  {:>8.2} ms", median(raw));
    println!("a step                      {:>8.2} ms", median(step.clone()));
    println!("a raw append and its flush  {:>8.2} ms", median(append.clone()));
    // The fastest tenth is what remains where neither the device nor another process is in the way.
    let (step, append) = (tenth(step), tenth(append));
    println!("the fastest tenth: a step   {step:>8.2} ms");
    println!("  a raw append              {append:>8.2} ms");
    println!("  ratio                     {:>8.2}", step / append);
    println!("flushes waited for          {:>8}", flushes.0);
    println!("flushes behind              {:>8}", flushes.1);
}

/// One upgrade: how long it took in all and from step to step, and its flushes.
fn upgrade(folder: &Path) -> (Duration, Vec<Duration>, (u64, u64)) {
    let workload = Workload::new();
    let disk = Arc::new(CountingDisk::default());
    let mut journal = open(folder, &workload, Some(Arc::clone(&disk)));
    let upgrade = workload.begin(&mut journal).unwrap();
    journal.settle().unwrap();
    let before = disk.flushes();
    let reached = Mutex::new(Vec::with_capacity(STEPS));
    let idle = Idle(|_: &str| reached.lock().unwrap().push(Instant::now()));
    let began = Instant::now();
    let stop = workload.run(&mut journal, upgrade, &idle).unwrap();
    let took = began.elapsed();
    assert_eq!(stop, Stop::Finished(Finish::Succeeded));
    let after = disk.flushes();
    let reached = reached.into_inner().unwrap();
    let each = reached.windows(2).map(|pair| pair[1] - pair[0]).collect();
    (took, each, (after.0 - before.0, after.1 - before.1))
}

/// From the opening of the journal that a killed process left, to the next step's effect.
fn restarts(base: &Path, rounds: usize) {
    let (mut restarts, mut raw) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let folder = base.join(format!("restart-{round}"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([Path::new("--die-in"), &folder])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let workload = Workload::new();
        let first = OnceLock::new();
        let idle = Idle(|step: &str| {
            if first.set(Instant::now()).is_ok() {
                assert_eq!(step, DEADLY, "it goes on where it was killed");
            }
        });
        let began = Instant::now();
        let mut journal = open(&folder, &workload, None);
        let upgrade = journal.upgrades().unwrap()[0];
        let stop = workload.run(&mut journal, upgrade, &idle).unwrap();
        assert_eq!(stop, Stop::Finished(Finish::Succeeded));
        restarts.push(first.get().unwrap().duration_since(began));
        raw.push(Raw::new(&base.join("raw"), APPEND_BYTES).unwrap().append().unwrap());
    }
    let (restart, raw) = (median(restarts), median(raw));
    println!("kill -9 to the next step    {restart:>8.2} ms");
    println!("  in raw appends            {:>8.1}", restart / raw);
}

fn run_until_killed(folder: &Path) {
    let workload = Workload::new();
    let mut journal = open(folder, &workload, None);
    let upgrade = workload.begin(&mut journal).unwrap();
    let idle = Idle(|step: &str| {
        if step == DEADLY {
            println!("now");
            loop {
                std::thread::park();
            }
        }
    });
    _ = workload.run(&mut journal, upgrade, &idle);
}
