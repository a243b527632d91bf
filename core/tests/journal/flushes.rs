//! One device flush per append, counted in the kernel's own words.

use crate::common::{child, fill, id, open_quickly, options};
use mailsec_core::journal::{DiskJournal, Journal, contract, faulty::FaultyDisk};
use std::{collections::BTreeMap, fs, io::Write, path::Path, process::Command, sync::Arc};
use tempfile::TempDir;

const APPENDS: u64 = 50;

/// Run in a process of its own, under strace.
#[test]
#[ignore = "a child of appends_flush_exactly_once"]
fn child_appends() {
    let dir = std::env::var("JOURNAL_DIR").unwrap();
    let (mut journal, _) = open_quickly(Path::new(&dir));
    fill(&mut journal, id(1), 1);
    let mut out = std::io::stdout();
    out.write_all(b"MARK begin\n").unwrap();
    for seq in 1..=APPENDS {
        let two = contract::events(2 * seq - 1, 2 * seq + 1);
        journal.append(id(1), 2 * seq - 1, &contract::stamp(0), &two).unwrap();
    }
    out.write_all(b"MARK end\n").unwrap();
    journal.settle().unwrap();
    out.write_all(b"MARK settled\n").unwrap();
}

#[test]
fn appends_flush_exactly_once_and_the_mirror_flushes_too() {
    let root = TempDir::new().unwrap();
    let trace = root.path().join("trace");
    let program = child("flushes::child_appends");
    let run = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=write,fsync,fdatasync,sync_file_range,openat", "-s", "32", "-o"])
        .arg(&trace)
        .arg(program.get_program())
        .args(program.get_args())
        .env("JOURNAL_DIR", root.path().join("store"))
        .output()
        .expect("this test needs the Debian package strace");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let trace = fs::read_to_string(&trace).unwrap();

    // The thread that writes the marks is the one that appends.
    let appender = trace.lines().find(|line| line.contains("MARK begin")).unwrap();
    let appender = appender.split_whitespace().next().unwrap();
    let (mut between, mut settled) = (false, false);
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    let mut mirror = 0;
    for line in trace.lines() {
        between |= line.contains("MARK begin");
        between &= !line.contains("MARK end");
        settled |= line.contains("MARK settled");
        let mine = line.split_whitespace().next() == Some(appender);
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        if between && mine && call.contains("sync") {
            assert!(call.starts_with("fdatasync(") && line.contains(".jsonl>"), "{line}");
            *counted.entry("flush").or_default() += 1;
        }
        if between && mine && call.starts_with("write(") && line.contains(".jsonl>") {
            *counted.entry("write").or_default() += 1;
        }
        if between && mine && call.starts_with("openat(") {
            *counted.entry("open").or_default() += 1;
        }
        if !settled && !mine && call.starts_with("fdatasync(") && line.contains("/sled/db>") {
            mirror += 1;
        }
    }
    println!("{APPENDS} appends: {counted:?}, mirror flushed {mirror} times");
    assert_eq!(counted.get("flush"), Some(&APPENDS), "one flush an append");
    assert_eq!(counted.get("write"), Some(&APPENDS), "one write an append");
    assert!(counted.get("open").is_none_or(|opened| *opened <= 1), "the file stays open");
    assert!(mirror >= 2, "the mirror's log was flushed {mirror} times");
}

#[test]
fn settling_flushes_the_mirrors_log() {
    let root = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::new());
    let (mut journal, _) = DiskJournal::open(root.path(), options().disk(disk.clone())).unwrap();
    fill(&mut journal, id(1), 5);
    journal.settle().unwrap();
    let (log, list) = (disk.flushes("sled/db"), disk.flushes("known"));
    fill(&mut journal, id(1), 6);
    journal.settle().unwrap();
    assert!(disk.flushes("sled/db") > log, "sled's own flush is none on Linux");
    assert!(disk.flushes("known") > list);
}

#[test]
fn a_whole_upgrade_costs_one_flush_of_the_witness_for_each_append() {
    let root = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::new());
    let (mut journal, _) = DiskJournal::open(root.path(), options().disk(disk.clone())).unwrap();
    fill(&mut journal, id(1), 30);
    assert_eq!(disk.flushes(".jsonl"), 30);
}

/// sled's asynchronous flush can hang for ever when several ask at once.
#[test]
fn the_asynchronous_flush_is_never_used() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let needle = ["flush", "_async"].concat();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert!(!fs::read_to_string(&path).unwrap().contains(&needle), "{}", path.display());
            }
        }
    }
}
