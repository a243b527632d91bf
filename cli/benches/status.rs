//! What `mailsec status` costs on a server with many finished upgrades: a process that shows the last one, beside processes
//! that open the store and read its index alone, that only read the index, and that do nothing. By turns, each in a
//! process of its own.
//!
//! `cargo bench -p mailsec --bench status`; what was measured stands in `docs/benchmarks.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures and prints"
)]

use mailsec_core::{
    journal::{DiskJournal, Envelope, Journal, OpenOptions, Stamp, WitnessReader},
    product::MailSecurityProduct,
    upgrade::Event,
    values::{Timestamp, UpgradeId},
};
use mailsec_eset::Eset;
use mailsec_simulator::{cases, people::Person};
use mailsec_vipre::Vipre;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

static PRODUCTS: [&dyn MailSecurityProduct; 2] = [&Vipre, &Eset];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = &arguments[..] {
        let folder = Path::new(folder).join("journal");
        match word.as_str() {
            "--open" => {
                let (journal, _) = DiskJournal::open(&folder, options()).unwrap();
                println!("{}", journal.upgrades().unwrap().len());
            }
            "--index" => println!("{}", WitnessReader::new(folder).list().unwrap().len()),
            "--nothing" => println!("0"),
            other => panic!("{other}?"),
        }
        return;
    }
    let bench = arguments.iter().any(|word| word == "--bench");
    let (rounds, upgrades) = if bench { (21, 1000) } else { (1, 20) };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fill(folder.path(), upgrades);
    measure(folder.path(), upgrades, rounds);
}

fn options() -> OpenOptions {
    OpenOptions::new("bench", Timestamp::from_millis(0))
}

/// The same upgrade again and again.
fn fill(folder: &Path, upgrades: u128) {
    let case = cases::case("silent, held").unwrap();
    let mut trial = case.subject(&PRODUCTS).expect("a plan").trial();
    let person = Person::new(&trial.host, case.deed);
    trial.run(&person);
    let envelopes = trial.envelopes();
    let events: Vec<Event> =
        envelopes.iter().map(|envelope| envelope.event.known().unwrap().clone()).collect();
    let stamp = |envelope: &Envelope| Stamp {
        at: envelope.at,
        boot: envelope.boot.clone(),
        engine: envelope.engine.clone(),
    };
    let (mut journal, _) = DiskJournal::open(&folder.join("journal"), options()).unwrap();
    for upgrade in 1..=upgrades {
        journal.append(UpgradeId::from_u128(upgrade), 0, &stamp(&envelopes[0]), &events).unwrap();
    }
    journal.settle().unwrap();
    println!("{upgrades} finished upgrades of {} events each", events.len());
}

fn measure(folder: &Path, upgrades: u128, rounds: usize) {
    let own = |word: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(word).arg(folder);
        command
    };
    let status = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailsec"));
        command.args(["--state", &folder.display().to_string(), "status"]);
        command
    };
    let last = UpgradeId::from_u128(upgrades).to_string();
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..rounds {
        let ran = [
            timed(status(), &last),
            timed(own("--open"), &upgrades.to_string()),
            timed(own("--index"), &upgrades.to_string()),
            timed(own("--nothing"), "0"),
        ];
        times.iter_mut().zip(ran).for_each(|(times, took)| times.push(took));
    }
    let [status, open, index, nothing] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1000.0
    });
    println!("mailsec status              {status:8.1} ms");
    println!("open the store, and list    {open:8.1} ms   ratio {:.2}", status / open);
    println!("list alone                  {index:8.1} ms   ratio {:.2}", status / index);
    println!("a process that does nothing {nothing:8.1} ms");
}

/// How long a process takes, which must say this.
fn timed(mut command: Command, says: &str) -> Duration {
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(says), "{says}: {said}");
    took
}
