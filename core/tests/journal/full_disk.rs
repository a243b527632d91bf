//! A full disk: what runs can end, nothing new begins, nothing acknowledged is lost.

use crate::common::{boot, child, fill, id, open, options};
use mailsec_core::{
    Code,
    journal::{
        DiskJournal, Journal, MirrorState, OpenOptions, Repair, contract,
        faulty::{Fault, FaultyDisk},
    },
    values::Timestamp,
};
use std::{fs, path::Path, process::Command, sync::Arc};
use tempfile::TempDir;

fn faulty(dir: &Path) -> (DiskJournal, Arc<FaultyDisk>) {
    let disk = Arc::new(FaultyDisk::new());
    (DiskJournal::open(dir, options().disk(disk.clone())).unwrap().0, disk)
}

#[test]
fn the_reserve_lets_an_append_through_and_then_nothing_new_begins() {
    let root = TempDir::new().unwrap();
    let (mut journal, disk) = faulty(root.path());
    let mut written = fill(&mut journal, id(1), 4);
    journal.settle().unwrap();
    // The write tears after 100 bytes, and the file is set back.
    disk.order(".jsonl", Fault::Full { write: 1, after: 100 });
    let failure = journal.append(id(1), 4, &contract::stamp(4), &contract::events(4, 5)).unwrap_err();
    // The injected disk stays full although the reserve was given up: the error is clean.
    assert_eq!(failure.code, Code::DiskFull);
    assert!(!root.path().join("ballast").exists());
    assert_eq!(journal.read(id(1)).unwrap(), written);
    assert_eq!(journal.ready().unwrap_err().code, Code::DiskFull);
    disk.make_room();
    written.extend(journal.append(id(1), 4, &contract::stamp(4), &contract::events(4, 5)).unwrap());
    journal.ready().unwrap();
    assert!(root.path().join("ballast").exists());
    journal.settle().unwrap();
    drop(journal);
    let (journal, report) = open(root.path());
    assert_eq!(report.damaged, vec![]);
    assert_eq!(journal.read(id(1)).unwrap(), written);
}

#[test]
fn a_device_that_fails_to_flush_is_never_trusted_again() {
    let root = TempDir::new().unwrap();
    let (mut journal, disk) = faulty(root.path());
    let written = fill(&mut journal, id(1), 4);
    disk.order(".jsonl", Fault::FlushFails { flush: 1 });
    for _ in 0..3 {
        let failure = journal.append(id(1), 4, &contract::stamp(4), &contract::events(4, 5)).unwrap_err();
        assert_eq!(failure.code, Code::JournalUnwritable);
    }
    assert_eq!(journal.read(id(1)).unwrap(), written);
    drop(journal);
    let (mut journal, _) = open(root.path());
    assert_eq!(journal.read(id(1)).unwrap(), written);
    fill(&mut journal, id(1), 6);
}

#[test]
fn dying_in_every_byte_of_an_append_leaves_what_was_acknowledged() {
    let lengths = [0, 1, 8, 9, 72, 73, 74, 86, 87, 88, 120, 250, 400, 10_000];
    for (case, after) in lengths.into_iter().enumerate() {
        for what in [".jsonl", "known"] {
            let root = TempDir::new().unwrap();
            let (mut journal, disk) = faulty(root.path());
            let written = fill(&mut journal, id(1), 4);
            disk.order(what, Fault::Dies { write: 1, after });
            let events = contract::events(4, 6);
            journal.append(id(1), 4, &contract::stamp(4), &events).unwrap_err();
            drop(journal);
            let options = if case % 2 == 0 { options() } else { options().boot(boot("boot-1")) };
            let (mut journal, report) = DiskJournal::open(root.path(), options).unwrap();
            assert_eq!(report.damaged, vec![], "{what} {after}");
            let read = journal.read(id(1)).unwrap();
            assert!(read.len() >= 4 && read[..4] == written[..], "{what} {after}: {}", read.len());
            let other = |r: &Repair| !r.is_routine() && !matches!(r, Repair::KnownRewritten { .. });
            assert!(!report.repaired.iter().any(other), "{what} {after}: {report:?}");
            fill(&mut journal, id(1), 8);
            journal.settle().unwrap();
            assert!(journal.verify().unwrap().is_sound(), "{what} {after}");
        }
    }
}

#[test]
fn dying_in_the_very_first_append_is_no_upgrade_and_no_error() {
    for after in [0, 1, 40, 100, 399] {
        let root = TempDir::new().unwrap();
        let (mut journal, disk) = faulty(root.path());
        disk.order(".jsonl", Fault::Dies { write: 1, after });
        journal.append(id(1), 0, &contract::stamp(0), &contract::events(0, 2)).unwrap_err();
        drop(journal);
        let (mut journal, report) = open(root.path());
        assert_eq!(report.damaged, vec![]);
        let found = journal.read(id(1)).map(|envelopes| envelopes.len());
        assert!(found.is_ok() || found.unwrap_err().code == Code::UpgradeNotFound);
        fill(&mut journal, id(1), 3);
    }
}

/// Run in a process of its own, on a volume of 3 MiB.
#[test]
#[ignore = "a child of a_real_full_volume"]
fn child_fills_a_volume() {
    let volume = std::env::var("JOURNAL_DIR").unwrap();
    let dir = Path::new(&volume).join("store");
    let now = Timestamp::from_millis(1_700_000_000_000);
    let options = || OpenOptions::new("0.1.0", now).reserve(512 * 1024);
    let (mut journal, _) = DiskJournal::open(&dir, options()).unwrap();
    fill(&mut journal, id(1), 4);
    journal.settle().unwrap();
    fs::write(Path::new(&volume).join("other"), vec![7; 16 * 1024 * 1024]).unwrap_err();

    // The disk is full. Appends go on into the reserve, and nothing new may begin.
    let note = "x".repeat(4_000);
    let (mut count, mut told) = (4, false);
    let failure = loop {
        let event = contract::event(note.clone());
        match journal.append(id(1), count, &contract::stamp(0), &[event]) {
            Ok(_) => count += 1,
            Err(failure) => break failure,
        }
        told |= journal.ready().is_err();
    };
    assert_eq!(failure.code, Code::DiskFull);
    assert!(count > 50, "{count} appends into the reserve");
    assert!(told);
    let written = journal.read(id(1)).unwrap();
    assert_eq!(written.len() as u64, count);
    drop(journal);

    // It can be opened on the full disk, and everything can be read.
    let (journal, report) = DiskJournal::open(&dir, options()).unwrap();
    assert_eq!(report.damaged, vec![]);
    assert!(report.repaired.iter().any(|repair| matches!(repair, Repair::NoReserve { .. })));
    assert_eq!(journal.read(id(1)).unwrap(), written);
    drop(journal);

    // With room again, everything is as before.
    fs::remove_file(Path::new(&volume).join("other")).unwrap();
    let (mut journal, report) = DiskJournal::open(&dir, options()).unwrap();
    assert_eq!(report.mirror, MirrorState::Open);
    journal.ready().unwrap();
    fill(&mut journal, id(1), count + 3);
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
    println!("DONE {count}");
}

#[test]
fn a_real_full_volume() {
    let root = TempDir::new().unwrap();
    let program = child("full_disk::child_fills_a_volume");
    let script = r#"mount -t tmpfs -o size=3m none "$JOURNAL_DIR" && exec "$@""#;
    let run = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .env("JOURNAL_DIR", root.path())
        .output();
    let Ok(run) = run else {
        println!("no user namespaces here: the injected full disk above stands alone");
        return;
    };
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    if !out.contains("running 1 test") {
        println!("no user namespaces here ({err}): the injected full disk above stands alone");
        return;
    }
    assert!(run.status.success() && out.contains("DONE"), "{out}\n{err}");
    println!("{}", out.lines().find(|line| line.contains("DONE")).unwrap());
}
