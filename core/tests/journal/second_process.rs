//! A second process is told at once who holds the store.

use crate::common::{child, fill, id, open, open_quickly, try_open};
use mailsec_core::{Code, journal::WitnessReader};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;

#[test]
#[ignore = "a child of a_second_process_is_refused_at_once"]
fn child_holds_the_store() {
    let dir = std::env::var("JOURNAL_DIR").unwrap();
    let (mut journal, _) = open(Path::new(&dir));
    fill(&mut journal, id(1), 3);
    println!("HELD");
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_second_process_is_refused_at_once() {
    let root = TempDir::new().unwrap();
    let mut holder = child("second_process::child_holds_the_store")
        .env("JOURNAL_DIR", root.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(output.any(|line| line.unwrap().contains("HELD")));

    let began = Instant::now();
    let failure = try_open(root.path()).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(failure.code, Code::JournalLocked);
    let found = failure.found.unwrap();
    assert!(found.contains(&format!("process {}, version 0.1.0, since 2023-11-14T", holder.id())), "{found}");
    assert!(failure.hint.unwrap().contains("status"));
    assert_eq!(WitnessReader::new(root.path()).read(id(1)).unwrap().envelopes.len(), 3);

    holder.kill().unwrap();
    holder.wait().unwrap();
    // The lock died with it.
    let (mut journal, _) = open_quickly(root.path());
    fill(&mut journal, id(1), 4);
}
