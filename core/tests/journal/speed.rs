//! What the journal costs. Ignored by default: figures depend on the machine, ratios inside one run do not.

use crate::common::{fill, id, open, open_quickly, settled_store};
use mailsec_core::journal::{Journal, WitnessReader, contract};
use std::{fs, io::Write, time::Instant};
use tempfile::TempDir;

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let value = work();
    (value, began.elapsed().as_secs_f64() * 1e6)
}

#[test]
#[ignore = "prints figures"]
fn an_append_against_a_raw_append_and_flush() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(&root.path().join("store"));
    let mut raw = fs::File::create(root.path().join("raw")).unwrap();
    let mut noise = fs::File::create(root.path().join("noise")).unwrap();
    let written = fill(&mut journal, id(1), 5);
    let mut bytes = written[4].line().unwrap();
    bytes.resize(bytes.len() + 88, b'x');
    let (mut ours, mut raws, mut noises) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ours_two, mut count) = (Vec::new(), 5);
    for _ in 0..600 {
        let one = |file: &mut fs::File| {
            timed(|| {
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
            })
            .1
        };
        raws.push(one(&mut raw));
        let events = contract::events(count, count + 1);
        let append = timed(|| journal.append(id(1), count, &contract::stamp(0), &events).unwrap());
        ours.push(append.1);
        noises.push(one(&mut noise));
        let events = contract::events(count + 1, count + 3);
        let append = timed(|| journal.append(id(1), count + 1, &contract::stamp(0), &events).unwrap());
        ours_two.push(append.1);
        count += 3;
    }
    let mean = |times: &[f64]| times.iter().sum::<f64>() / 600.0;
    let (raw_mean, our_mean) = (mean(&raws), mean(&ours));
    let (raw, noise) = (median(&mut raws), median(&mut noises));
    let (one, two) = (median(&mut ours), median(&mut ours_two));
    println!(
        "p50 raw {raw:.0} us, raw again {:.2}x, append of one {:.2}x, of two {:.2}x; mean {:.2}x",
        noise / raw,
        one / raw,
        two / raw,
        our_mean / raw_mean
    );
}

#[test]
#[ignore = "prints figures"]
fn opening_after_a_kill() {
    let root = TempDir::new().unwrap();
    let all = settled_store(root.path(), 1, 100);
    let (mut quick, mut slow, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..30 {
        let ((mut journal, read), time) = timed(|| {
            let (journal, _) = open_quickly(root.path());
            let read = journal.read(id(1)).unwrap();
            (journal, read)
        });
        quick.push(time);
        assert!(read.len() >= all[0].len());
        let count = read.len() as u64;
        first.push(
            time + timed(|| {
                journal.append(id(1), count, &contract::stamp(round), &contract::events(0, 1)).unwrap()
            })
            .1,
        );
        drop(journal);
        slow.push(timed(|| open(root.path())).1);
        drop(open_quickly(root.path()));
    }
    println!(
        "100 events: open and verify from the witness {:.0} us, first append durable after {:.0} us; with sled {:.0} us",
        median(&mut quick),
        median(&mut first),
        median(&mut slow)
    );
}

#[test]
#[ignore = "prints figures"]
fn a_list_of_a_thousand_upgrades() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(root.path());
    for upgrade in 1..=1_000 {
        journal.append(id(upgrade), 0, &contract::stamp(0), &contract::events(0, 230)).unwrap();
    }
    journal.settle().unwrap();
    drop(journal);
    drop(open_quickly(root.path()));
    let reader = WitnessReader::new(root.path());
    let (list, listing) = timed(|| reader.list().unwrap());
    assert_eq!(list.len(), 1_000);
    let (_, verifying) = timed(|| reader.verify().unwrap());
    let (opened, opening) = timed(|| open_quickly(root.path()));
    drop(opened);
    let (opened, comparing) = timed(|| open(root.path()));
    drop(opened);
    println!(
        "1,000 upgrades of 230 events: list {:.1} ms, verify every line {:.0} ms, open {:.1} ms, with sled {:.0} ms",
        listing / 1e3,
        verifying / 1e3,
        opening / 1e3,
        comparing / 1e3
    );
}

#[test]
#[ignore = "prints figures"]
fn a_settling_that_has_something_new() {
    for upgrades in [1, 10, 1_000] {
        let root = TempDir::new().unwrap();
        let (mut journal, _) = open(root.path());
        for upgrade in 1..=upgrades {
            journal.append(id(upgrade), 0, &contract::stamp(0), &contract::events(0, 230)).unwrap();
        }
        journal.settle().unwrap();
        let (mut new, mut idle) = (Vec::new(), Vec::new());
        for count in 230..245 {
            journal.append(id(1), count, &contract::stamp(0), &contract::events(count, count + 1)).unwrap();
            new.push(timed(|| journal.settle().unwrap()).1);
            idle.push(timed(|| journal.settle().unwrap()).1);
        }
        let (new, idle) = (median(&mut new) / 1e3, median(&mut idle) / 1e3);
        println!("{upgrades} upgrades of 230 events: settling {new:.1} ms, with nothing new {idle:.2} ms");
    }
}
