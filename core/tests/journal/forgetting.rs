//! A second copy that does not keep what it is given is found out while the witness is still there.
//!
//! sled opens a log whose first segment has a damaged header without a word, from its snapshot; it takes what it is
//! given, and does not have it when it is opened again.

use crate::common::{Dice, copy_dir, damage, fill, id, open, open_quickly, witness};
use mailsec_core::journal::{Envelope, Journal, Repair};
use std::{fs, os::unix::fs::FileExt, path::Path};
use tempfile::TempDir;

/// Bytes of a segment's header in sled's log.
const HEADER: u64 = 20;

fn flip(dir: &Path, at: u64) {
    let log = fs::OpenOptions::new().read(true).write(true).open(dir.join("sled/db")).unwrap();
    let mut byte = [0];
    log.read_exact_at(&mut byte, at).unwrap();
    log.write_all_at(&[byte[0] ^ 1 << (at % 8)], at).unwrap();
}

/// A settled store of some events that was opened once more: sled has everything in its snapshot.
fn idle_store(dir: &Path, events: u64) {
    let mut journal = open_quickly(dir).0;
    if events > 0 {
        fill(&mut journal, id(1), events);
    }
    journal.settle().unwrap();
    drop(journal);
    drop(open(dir));
}

/// The second copy is the only one now, and enough.
fn check_mirror_alone(dir: &Path, written: &[Envelope], what: &str) {
    fs::remove_file(witness(dir, id(1))).unwrap();
    let (journal, report) = open(dir);
    assert_eq!(report.damaged, vec![], "{what}");
    assert_eq!(journal.read(id(1)).unwrap(), written, "{what}");
}

#[test]
fn lines_that_were_caught_up_with_are_kept() {
    let root = TempDir::new().unwrap();
    let first = root.path().join("first");
    idle_store(&first, 0);
    let mut journal = open(&first).0;
    let written = fill(&mut journal, id(1), 4);
    journal.settle().unwrap();
    drop(journal);
    for at in 0..HEADER {
        let dir = root.path().join(at.to_string());
        copy_dir(&first, &dir).unwrap();
        flip(&dir, at);
        drop(open(&dir));
        check_mirror_alone(&dir, &written, &format!("byte {at}"));
    }
}

/// Nothing is missing when the store is opened; what is appended then would be forgotten.
#[test]
fn lines_appended_after_the_damage_are_kept() {
    for (events, settles) in [(0, true), (0, false), (3, true), (3, false)] {
        let root = TempDir::new().unwrap();
        let first = root.path().join("first");
        idle_store(&first, events);
        for at in 0..HEADER {
            let what = format!("{events} events, byte {at}, settles: {settles}");
            let dir = root.path().join(at.to_string());
            copy_dir(&first, &dir).unwrap();
            flip(&dir, at);
            let (mut journal, report) = open(&dir);
            assert_eq!(report.repaired, vec![], "{what}: nothing shows yet");
            let written = fill(&mut journal, id(1), events + 4);
            if settles {
                journal.settle().unwrap();
                let moved = |repair: &Repair| matches!(repair, Repair::MirrorMoved { .. });
                assert_eq!(journal.repairs().iter().filter(|repair| moved(repair)).count(), 1, "{what}");
            }
            drop(journal);
            check_mirror_alone(&dir, &written, &what);
        }
    }
}

#[test]
fn lines_appended_after_damage_to_the_open_copy_are_kept() {
    for at in 0..HEADER {
        let root = TempDir::new().unwrap();
        idle_store(root.path(), 3);
        let mut journal = open_quickly(root.path()).0;
        fill(&mut journal, id(1), 5);
        journal.settle().unwrap();
        flip(root.path(), at);
        let written = fill(&mut journal, id(1), 8);
        journal.settle().unwrap();
        drop(journal);
        check_mirror_alone(root.path(), &written, &format!("byte {at}"));
    }
}

#[test]
fn any_damage_to_the_copy_before_an_append_is_made_good_by_the_settling() {
    let root = TempDir::new().unwrap();
    let first = root.path().join("first");
    idle_store(&first, 12);
    let mut files: Vec<_> = fs::read_dir(first.join("sled"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    for seed in 0..90 {
        let mut dice = Dice::new(seed);
        let dir = root.path().join(seed.to_string());
        copy_dir(&first, &dir).unwrap();
        let file = files[usize::try_from(seed).unwrap() % files.len()].strip_prefix(&first).unwrap();
        let what = format!("seed {seed}: {}", damage(&mut dice, &dir.join(file)));
        let mut journal = if seed % 2 == 0 { open(&dir).0 } else { open_quickly(&dir).0 };
        let written = fill(&mut journal, id(1), 16);
        journal.settle().unwrap();
        drop(journal);
        check_mirror_alone(&dir, &written, &what);
        fs::remove_dir_all(&dir).unwrap();
    }
}

/// A copy is not moved away that alone has something, even if it keeps nothing new.
#[test]
fn what_only_a_forgetful_copy_has_is_taken_from_it_first() {
    let root = TempDir::new().unwrap();
    idle_store(root.path(), 6);
    let path = witness(root.path(), id(1));
    let whole = fs::read_to_string(&path).unwrap();
    let mut journal = open(root.path()).0;
    // Nobody reads the first upgrade's witness any more: damage inside it does not show yet.
    fs::write(&path, whole.replace("event 4", "event A")).unwrap();
    flip(root.path(), 3);
    let other = fill(&mut journal, id(2), 4);
    journal.settle().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    assert!(journal.verify().unwrap().is_sound());
    drop(journal);
    fs::remove_dir_all(root.path().join("witness")).unwrap();
    let (journal, report) = open(root.path());
    assert_eq!(report.damaged, vec![]);
    assert_eq!(journal.read(id(1)).unwrap().len(), 6);
    assert_eq!(journal.read(id(2)).unwrap(), other);
}
