//! Damage to any file of the store: it is mended, or it is named. Never is an event silently gone.

use crate::common::{Dice, copy_dir, damage, fill, id, open, open_quickly, settled_store, witness};
use mailsec_core::{
    Code,
    journal::{CopyState, DiskJournal, Envelope, Journal, Repair, contract},
};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Either every acknowledged event is there, or the error names the last good envelope. True when all are there.
fn whole_or_named(journal: &DiskJournal, all: &[Vec<Envelope>], what: &str) -> bool {
    let listed = journal.upgrades().unwrap();
    let mut whole = true;
    for (number, written) in (1..).zip(all) {
        assert!(listed.contains(&id(number)), "{what}: upgrade {number} is not even listed");
        match journal.read(id(number)) {
            Ok(read) => assert!(read == *written, "{what}: upgrade {number} reads differently"),
            Err(failure) => {
                assert_eq!(failure.code, Code::JournalDamaged, "{what}: {failure}");
                let found = failure.found.clone().unwrap_or_default();
                assert!(found.contains("good envelope"), "{what}: {found}");
                assert!(failure.hint.is_some(), "{what}");
                whole = false;
            }
        }
    }
    whole
}

/// Every file that holds something of the journal.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("ballast") && !path.ends_with("store.lock") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn damage_to_one_file_of_a_settled_store_loses_nothing() {
    let root = TempDir::new().unwrap();
    let original = root.path().join("original");
    let all = settled_store(&original, 2, 40);
    let mut cases = 0;
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let dir = root.path().join(format!("case-{seed}"));
        copy_dir(&original, &dir).unwrap();
        let files = files(&dir);
        let file = &files[usize::try_from(seed).unwrap() % files.len()];
        let what = format!("seed {seed}: {}", damage(&mut dice, file));
        let open = if seed % 2 == 0 { open } else { open_quickly };
        let (mut journal, report) = catch_unwind(AssertUnwindSafe(|| open(&dir)))
            .unwrap_or_else(|_| panic!("{what}: cannot be opened"));
        assert_eq!(report.damaged, vec![], "{what}");
        assert!(whole_or_named(&journal, &all, &what), "{what}: one good copy was not enough");
        // And it goes on, and is whole afterwards.
        for number in 1..=2 {
            fill(&mut journal, id(number), 42);
        }
        journal.settle().unwrap_or_else(|failure| panic!("{what}: {failure}"));
        let verified = journal.verify().unwrap();
        assert!(verified.is_sound(), "{what}: {verified:?}");
        cases += 1;
        drop(journal);
        fs::remove_dir_all(&dir).unwrap();
    }
    assert_eq!(cases, 200);
}

#[test]
fn damage_to_both_copies_is_mended_or_named() {
    let root = TempDir::new().unwrap();
    let original = root.path().join("original");
    let all = settled_store(&original, 1, 40);
    let (mut mended, mut named) = (0, 0);
    for seed in 0..60 {
        let mut dice = Dice::new(1_000 + seed);
        let dir = root.path().join(format!("case-{seed}"));
        copy_dir(&original, &dir).unwrap();
        let first = damage(&mut dice, &witness(&dir, id(1)));
        let second = damage(&mut dice, &dir.join("sled/db"));
        let what = format!("seed {seed}: {first}; {second}");
        let (journal, report) = open(&dir);
        if whole_or_named(&journal, &all, &what) {
            mended += 1;
        } else {
            named += 1;
            assert_eq!(report.damaged.len(), 1, "{what}");
        }
        drop(journal);
        fs::remove_dir_all(&dir).unwrap();
    }
    println!("both copies damaged: {mended} mended, {named} named");
    assert!(mended > 0 && named > 0, "{mended} mended, {named} named");
}

#[test]
fn each_envelope_is_taken_from_the_copy_that_has_it() {
    let root = TempDir::new().unwrap();
    let all = settled_store(root.path(), 1, 40);
    // The witness loses envelope 10; the mirror is set back to its state at 20 envelopes.
    let early = TempDir::new().unwrap();
    {
        let (mut journal, _) = open(early.path());
        fill(&mut journal, id(1), 20);
        journal.settle().unwrap();
    }
    fs::remove_dir_all(root.path().join("sled")).unwrap();
    copy_dir(&early.path().join("sled"), &root.path().join("sled")).unwrap();
    let path = witness(root.path(), id(1));
    let text = fs::read_to_string(&path).unwrap().replace("event 10", "event 1O");
    fs::write(&path, text).unwrap();
    let (journal, report) = open(root.path());
    assert_eq!(journal.read(id(1)).unwrap(), all[0]);
    let names = |wanted: &dyn Fn(&Repair) -> bool| report.repaired.iter().any(wanted);
    assert!(names(&|repair| matches!(repair, Repair::WitnessRewritten { had: 10, envelopes: 40, .. })));
    assert!(names(&|repair| matches!(repair, Repair::MirrorExtended { from: 20, to: 40, .. })));
}

#[test]
fn a_lost_copy_is_made_anew_from_the_other() {
    for quick in [false, true] {
        let root = TempDir::new().unwrap();
        let all = settled_store(root.path(), 2, 12);
        let open = if quick { open_quickly } else { open };

        fs::remove_dir_all(root.path().join("sled")).unwrap();
        let (mut journal, _) = open(root.path());
        assert!(whole_or_named(&journal, &all, "no sled"));
        journal.settle().unwrap();
        assert!(journal.verify().unwrap().is_sound());
        let rebuilt = journal.repairs();
        assert!(rebuilt.iter().any(|r| matches!(r, Repair::MirrorExtended { from: 0, to: 12, .. })));
        drop(journal);

        fs::remove_file(witness(root.path(), id(1))).unwrap();
        let (mut journal, report) = open(root.path());
        let rewritten = |r: &Repair| matches!(r, Repair::WitnessRewritten { had: 0, envelopes: 12, .. });
        assert!(report.repaired.iter().any(rewritten), "{report:?}");
        assert!(whole_or_named(&journal, &all, "no witness"));
        journal.settle().unwrap();
        assert!(journal.verify().unwrap().is_sound());
        drop(journal);

        fs::remove_dir_all(root.path().join("witness")).unwrap();
        fs::remove_file(root.path().join("known")).unwrap();
        let (mut journal, report) = open(root.path());
        assert!(report.repaired.iter().any(|r| matches!(r, Repair::KnownRewritten { .. })), "{report:?}");
        assert!(whole_or_named(&journal, &all, "sled alone"));
        journal.settle().unwrap();
        assert!(journal.verify().unwrap().is_sound());
    }
}

#[test]
fn losing_both_copies_is_never_a_fresh_start() {
    for quick in [false, true] {
        let root = TempDir::new().unwrap();
        settled_store(root.path(), 1, 12);
        fs::remove_dir_all(root.path().join("sled")).unwrap();
        fs::remove_dir_all(root.path().join("witness")).unwrap();
        let (mut journal, report) = if quick { open_quickly(root.path()) } else { open(root.path()) };
        assert_eq!(journal.upgrades().unwrap(), vec![id(1)]);
        assert_eq!((report.damaged[0].promised, report.damaged[0].last_good.is_none()), (12, true));
        assert_eq!(journal.read(id(1)).unwrap_err().code, Code::JournalDamaged);
        let refused = journal.append(id(1), 0, &contract::stamp(0), &contract::events(0, 1));
        assert_eq!(refused.unwrap_err().code, Code::JournalDamaged);
        // Another upgrade is not stopped by it.
        fill(&mut journal, id(2), 3);
    }
}

#[test]
fn a_witness_cut_at_a_line_shows_even_when_the_mirror_is_gone() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 12);
    fs::remove_dir_all(root.path().join("sled")).unwrap();
    let path = witness(root.path(), id(1));
    let text = fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(9).collect();
    fs::write(&path, kept).unwrap();
    let (journal, report) = open(root.path());
    let last = report.damaged[0].last_good.clone().unwrap();
    assert_eq!((last.seq, report.damaged[0].promised), (8, 12));
    let failure = journal.read(id(1)).unwrap_err();
    assert!(failure.found.unwrap().contains("last good envelope is 8 of"));
}

#[test]
fn two_histories_are_an_error_that_changes_nothing() {
    let root = TempDir::new().unwrap();
    let (ours, theirs) = (root.path().join("ours"), root.path().join("theirs"));
    settled_store(&ours, 1, 10);
    {
        let (mut journal, _) = open(&theirs);
        fill(&mut journal, id(1), 6);
        journal.append(id(1), 6, &contract::stamp(9_999), &contract::events(50, 55)).unwrap();
        journal.settle().unwrap();
    }
    fs::copy(witness(&theirs, id(1)), witness(&ours, id(1))).unwrap();
    let before = fs::read(witness(&ours, id(1))).unwrap();
    let (journal, report) = open(&ours);
    let failure = journal.read(id(1)).unwrap_err();
    assert_eq!(failure.code, Code::JournalDamaged);
    assert_eq!(report.damaged[0].last_good.as_ref().unwrap().seq, 5, "{failure}");
    drop(journal);
    assert_eq!(fs::read(witness(&ours, id(1))).unwrap(), before);
}

#[test]
fn by_order_a_damaged_journal_is_cut_and_the_old_one_kept() {
    let root = TempDir::new().unwrap();
    let all = settled_store(root.path(), 1, 12);
    fs::remove_dir_all(root.path().join("sled")).unwrap();
    let path = witness(root.path(), id(1));
    let damaged = fs::read_to_string(&path).unwrap().replace("event 7", "event B");
    fs::write(&path, &damaged).unwrap();
    assert_eq!(open(root.path()).1.damaged.len(), 1);
    let ordered = crate::common::options().cut_damage();
    let (mut journal, report) = DiskJournal::open(root.path(), ordered).unwrap();
    let Some(Repair::CutByOrder { envelopes: 7, promised: 12, moved_to: Some(kept), .. }) =
        report.repaired.iter().find(|repair| matches!(repair, Repair::CutByOrder { .. }))
    else {
        panic!("{report:?}")
    };
    assert_eq!(fs::read_to_string(root.path().join(kept)).unwrap(), damaged);
    assert_eq!(journal.read(id(1)).unwrap(), all[0][..7]);
    fill(&mut journal, id(1), 9);
    drop(journal);
    let (mut journal, report) = open(root.path());
    assert_eq!(report.damaged, vec![]);
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
}

#[test]
fn an_export_mends_a_damaged_journal() {
    let root = TempDir::new().unwrap();
    let all = settled_store(root.path(), 1, 12);
    let bundle = mailsec_core::journal::WitnessReader::new(root.path()).export(id(1)).unwrap();
    fs::remove_dir_all(root.path().join("sled")).unwrap();
    let path = witness(root.path(), id(1));
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("event 7", "event B")).unwrap();
    let (mut journal, report) = open(root.path());
    assert_eq!(report.damaged.len(), 1);
    mailsec_core::journal::import(&mut journal, &bundle).unwrap();
    assert_eq!(journal.read(id(1)).unwrap(), all[0]);
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
}

#[test]
fn verify_names_the_copy_that_is_damaged() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 12);
    let (journal, _) = open(root.path());
    let path = witness(root.path(), id(1));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("event 7", "event B")).unwrap();
    let found = journal.verify().unwrap();
    assert_eq!(found.upgrades[0].witness, CopyState::Damaged { envelopes: 7 });
    assert_eq!(found.upgrades[0].mirror, CopyState::Whole);
    assert!(!found.is_sound());
    // Reading while open still gives everything.
    assert_eq!(journal.read(id(1)).unwrap().len(), 12);
}
