//! Damage that cannot be mended: however often the store is opened, it says the same, and cuts nothing off by itself.

use crate::common::{Dice, copy_dir, damage, fill, id, open, open_quickly, options, settled_store, witness};
use mailsec_core::{
    Code,
    journal::{DiskJournal, Journal, WitnessReader, contract, import},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const WRITTEN: u64 = 40;

/// What a reader is told of the upgrade: how many envelopes, or what is expected and found.
fn verdict(journal: &DiskJournal) -> Result<u64, (Option<String>, Option<String>)> {
    match journal.read(id(1)) {
        Ok(read) => Ok(read.len() as u64),
        Err(failure) => {
            assert_eq!(failure.code, Code::JournalDamaged, "{failure}");
            Err((failure.expected, failure.found))
        }
    }
}

/// 400 bytes in the middle of what is used of a file, or one of the usual ways.
fn spoil(dice: &mut Dice, path: &Path) -> String {
    if dice.below(2) == 0 {
        return damage(dice, path);
    }
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let from = usize::try_from(dice.below(used as u64)).unwrap();
    bytes[from..used.min(from + 400)].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(path, bytes).unwrap();
    format!("400 bytes at {from} of {}", path.display())
}

fn mirror_files(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir.join("sled")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file() && fs::metadata(path).unwrap().len() > 0).collect()
}

#[test]
fn every_opening_comes_to_the_same_end_whichever_copies_are_damaged() {
    let root = TempDir::new().unwrap();
    let original = root.path().join("original");
    settled_store(&original, 2, WRITTEN);
    let bundle = WitnessReader::new(&original).export(id(1)).unwrap();
    let mut refused = [0; 8];
    for seed in 0..70_u64 {
        let mut dice = Dice::new(7_000 + seed);
        let dir = root.path().join(format!("case-{seed}"));
        copy_dir(&original, &dir).unwrap();
        let which = usize::try_from(seed % 7).unwrap() + 1;
        let mut what = format!("seed {seed}:");
        if which & 1 != 0 {
            what += &spoil(&mut dice, &witness(&dir, id(1)));
        }
        if which & 2 != 0 {
            for file in mirror_files(&dir) {
                what += &spoil(&mut dice, &file);
            }
        }
        if which & 4 != 0 {
            what += &spoil(&mut dice, &dir.join("known"));
        }
        let mut open_somehow = || if dice.below(2) == 0 { open(&dir) } else { open_quickly(&dir) };

        let first = verdict(&open_somehow().0);
        let before = fs::read(witness(&dir, id(1))).unwrap();
        for count in 1..=3 {
            let (mut journal, _) = open_somehow();
            // What goes on beside it: another upgrade, which may be written to, and settles.
            let written = fill(&mut journal, id(2), WRITTEN + count).len() as u64;
            assert_eq!(written, WRITTEN + count, "{what}");
            journal.settle().unwrap_or_else(|failure| panic!("{what}: {failure}"));
            assert_eq!(verdict(&journal), first, "{what}: opened {} times", count + 1);
            let refusal = journal.append(id(1), 0, &contract::stamp(0), &contract::events(0, 1));
            assert!(refusal.is_err(), "{what}");
        }
        if first.is_err() {
            assert!(fs::read(witness(&dir, id(1))).unwrap() == before, "{what}: the witness was changed");
            refused[which] += 1;
            mends(&dir, &what, |dir| {
                let (mut journal, _) = open(dir);
                import(&mut journal, &bundle).unwrap_or_else(|failure| panic!("{what}: {failure}"));
                assert_eq!(journal.read(id(1)).unwrap().len() as u64, WRITTEN, "{what}");
            });
            mends(&dir, &what, |dir| {
                let (journal, report) = DiskJournal::open(dir, options().cut_damage()).unwrap();
                assert!(
                    journal.read(id(1)).is_ok() || !journal.upgrades().unwrap().contains(&id(1)),
                    "{what}"
                );
                assert_eq!(report.damaged, vec![], "{what}");
            });
        }
        fs::remove_dir_all(&dir).unwrap();
    }
    // Both copies, without and with the list: else the other one mends it.
    assert!(refused[3] > 0 && refused[7] > 0, "{refused:?}");
    assert_eq!((refused[1], refused[2], refused[4]), (0, 0, 0), "one good copy was not enough");
}

/// A way out, on a copy of the store: it stays mended.
fn mends(dir: &Path, what: &str, way: impl FnOnce(&Path)) {
    let copy = dir.with_extension("way");
    copy_dir(dir, &copy).unwrap();
    way(&copy);
    let (mut journal, report) = open(&copy);
    assert_eq!(report.damaged, vec![], "{what}");
    journal.settle().unwrap_or_else(|failure| panic!("{what}: {failure}"));
    assert!(journal.verify().unwrap().is_sound(), "{what}");
    drop(journal);
    fs::remove_dir_all(copy).unwrap();
}

#[test]
fn good_lines_behind_damage_are_kept_even_where_no_list_names_the_upgrade() {
    for line in [0, 17] {
        for quick in [false, true] {
            let root = TempDir::new().unwrap();
            let dir = root.path();
            settled_store(dir, 1, WRITTEN);
            fs::remove_dir_all(dir.join("sled")).unwrap();
            // A list of a store in which there was nothing yet.
            let empty = TempDir::new().unwrap();
            drop(open_quickly(empty.path()));
            fs::copy(empty.path().join("known"), dir.join("known")).unwrap();
            let path = witness(dir, id(1));
            let text = fs::read_to_string(&path).unwrap().replace(&format!("event {line}\""), "event ?\"");
            fs::write(&path, &text).unwrap();
            for _ in 0..3 {
                let (_, report) = if quick { open_quickly(dir) } else { open(dir) };
                assert_eq!(report.damaged.len(), 1, "line {line}");
                assert_eq!(report.damaged[0].promised, WRITTEN, "line {line}");
                assert_eq!(fs::read_to_string(&path).unwrap(), text);
            }
        }
    }
}
