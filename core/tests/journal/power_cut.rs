//! Power cuts: only what was flushed is left.

use crate::common::{Dice, boot, fill, id, open, options};
use mailsec_core::journal::{DiskJournal, Journal, faulty::FaultyDisk};
use std::sync::Arc;
use tempfile::TempDir;

#[test]
fn a_power_cut_after_any_append_loses_nothing_acknowledged() {
    let mut cuts = 0;
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let root = TempDir::new().unwrap();
        let mut written = Vec::new();
        for round in 0..3 {
            let disk = Arc::new(FaultyDisk::that_remembers());
            let options = options().disk(disk.clone()).boot(boot(&format!("boot-{round}")));
            let (mut journal, report) = DiskJournal::open(root.path(), options).unwrap();
            assert_eq!(report.damaged, vec![], "seed {seed}");
            if round > 0 {
                assert_eq!(journal.read(id(1)).unwrap(), written, "seed {seed}, round {round}");
            }
            for _ in 0..=dice.below(3) {
                let to = written.len() as u64 + 1 + dice.below(6);
                written = fill(&mut journal, id(1), to);
                if dice.below(3) == 0 {
                    journal.settle().unwrap();
                }
            }
            drop(journal);
            disk.power_cut(root.path()).unwrap();
            cuts += 1;
        }
        let (mut journal, report) = open(root.path());
        assert_eq!(report.damaged, vec![], "seed {seed}");
        assert_eq!(journal.read(id(1)).unwrap(), written, "seed {seed}");
        journal.settle().unwrap();
        assert!(journal.verify().unwrap().is_sound(), "seed {seed}");
    }
    println!("{cuts} power cuts, 0 lost");
}

/// sled alone keeps what was settled: the guarded flush reaches the device.
#[test]
fn after_settling_the_mirror_alone_survives_a_power_cut() {
    let root = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::that_remembers());
    let (mut journal, _) = DiskJournal::open(root.path(), options().disk(disk.clone())).unwrap();
    let written = fill(&mut journal, id(1), 30);
    journal.settle().unwrap();
    drop(journal);
    disk.power_cut(root.path()).unwrap();
    std::fs::remove_dir_all(root.path().join("witness")).unwrap();
    let (journal, _) = open(root.path());
    assert_eq!(journal.read(id(1)).unwrap(), written);
}

/// After another boot the list may be behind, and only the comparison with the mirror is enough.
#[test]
fn another_boot_waits_for_the_mirror() {
    use mailsec_core::journal::MirrorState;
    let root = TempDir::new().unwrap();
    let open = |name: &str| {
        let (mut journal, report) = DiskJournal::open(root.path(), options().boot(boot(name))).unwrap();
        fill(&mut journal, id(1), 3);
        report.mirror
    };
    assert_eq!(open("boot-1"), MirrorState::Open);
    assert_eq!(open("boot-1"), MirrorState::Opening);
    assert_eq!(open("boot-2"), MirrorState::Open);
    assert_eq!(open("boot-2"), MirrorState::Opening);
}
