//! The contract, on every store.

use crate::common::{open, open_quickly};
use mailsec_core::journal::{DiskJournal, Journal, MemoryJournal, contract};
use std::path::PathBuf;
use tempfile::TempDir;

fn memory_crash(journal: MemoryJournal) -> MemoryJournal {
    journal.clone()
}

#[test]
fn the_journal_in_memory_keeps_the_contract() {
    contract::appends_and_reads(MemoryJournal::new, memory_crash);
    contract::exports_and_imports(MemoryJournal::new, memory_crash);
    contract::appends_and_reads(MemoryJournal::without_codec, memory_crash);
}

#[test]
fn the_journal_on_disk_keeps_the_contract() {
    let root = TempDir::new().unwrap();
    let mut stores = 0;
    let mut fresh = || {
        stores += 1;
        open(&root.path().join(format!("store-{stores}"))).0
    };
    let slow = |journal: DiskJournal| {
        let dir: PathBuf = journal.dir().to_owned();
        drop(journal);
        open(&dir).0
    };
    contract::appends_and_reads(&mut fresh, slow);
    contract::exports_and_imports(&mut fresh, slow);
}

#[test]
fn the_journal_on_disk_opened_quickly_keeps_the_contract() {
    let root = TempDir::new().unwrap();
    let mut stores = 0;
    let mut fresh = || {
        stores += 1;
        open_quickly(&root.path().join(format!("store-{stores}"))).0
    };
    let quick = |journal: DiskJournal| {
        let dir: PathBuf = journal.dir().to_owned();
        drop(journal);
        let (journal, report) = open_quickly(&dir);
        assert_eq!(report.damaged, vec![]);
        journal
    };
    contract::appends_and_reads(&mut fresh, quick);
    contract::exports_and_imports(&mut fresh, quick);
}

#[test]
fn both_stores_seal_the_same_bytes() {
    let root = TempDir::new().unwrap();
    let (mut disk, _) = open(root.path());
    let mut memory = MemoryJournal::new();
    let upgrade = crate::common::id(1);
    for journal in [&mut disk as &mut dyn Journal, &mut memory] {
        journal.append(upgrade, 0, &contract::stamp(0), &contract::events(0, 9)).unwrap();
    }
    let one = mailsec_core::journal::export(&disk, upgrade).unwrap();
    assert_eq!(one, mailsec_core::journal::export(&memory, upgrade).unwrap());
}

#[test]
fn a_clone_of_the_journal_in_memory_is_a_snapshot() {
    let upgrade = crate::common::id(1);
    let mut journal = MemoryJournal::new();
    journal.append(upgrade, 0, &contract::stamp(0), &contract::events(0, 3)).unwrap();
    let mut snapshot = journal.clone();
    journal.append(upgrade, 3, &contract::stamp(0), &contract::events(3, 4)).unwrap();
    snapshot.keep_first(upgrade, 1);
    assert_eq!(journal.count(upgrade), 4);
    assert_eq!(snapshot.count(upgrade), 1);
    snapshot.append(upgrade, 1, &contract::stamp(0), &contract::events(1, 2)).unwrap();
}
