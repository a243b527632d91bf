//! Random appends, closings, crashes and damage, against a list in memory.

use crate::common::{fill, id, open, open_quickly, witness};
use mailsec_core::journal::{DiskJournal, Envelope, Journal, contract};
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, os::unix::fs::FileExt};
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Act {
    Append {
        upgrade: u128,
        events: u64,
    },
    Settle,
    Reopen {
        quick: bool,
    },
    TearTail {
        upgrade: u128,
        bytes: usize,
    },
    FlipWitness {
        upgrade: u128,
        at: usize,
        bit: u8,
    },
    CutWitness {
        upgrade: u128,
        at: usize,
    },
    LoseWitness {
        upgrade: u128,
    },
    LoseMirror,
    LoseList,
    FlipMirror {
        at: usize,
        bit: u8,
    },
    /// While it is open; an append follows.
    FlipOpenMirror {
        upgrade: u128,
        at: usize,
        bit: u8,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let upgrade = 1..=2u128;
    prop_oneof![
        6 => (upgrade.clone(), 1..5u64).prop_map(|(upgrade, events)| Act::Append { upgrade, events }),
        1 => Just(Act::Settle),
        2 => any::<bool>().prop_map(|quick| Act::Reopen { quick }),
        1 => (upgrade.clone(), 1..300usize).prop_map(|(upgrade, bytes)| Act::TearTail { upgrade, bytes }),
        1 => (upgrade.clone(), any::<usize>(), 0..8u8)
            .prop_map(|(upgrade, at, bit)| Act::FlipWitness { upgrade, at, bit }),
        1 => (upgrade.clone(), any::<usize>()).prop_map(|(upgrade, at)| Act::CutWitness { upgrade, at }),
        1 => upgrade.clone().prop_map(|upgrade| Act::LoseWitness { upgrade }),
        1 => Just(Act::LoseMirror),
        1 => Just(Act::LoseList),
        1 => (place(), 0..8u8).prop_map(|(at, bit)| Act::FlipMirror { at, bit }),
        1 => (upgrade, place(), 0..8u8)
            .prop_map(|(upgrade, at, bit)| Act::FlipOpenMirror { upgrade, at, bit }),
    ]
}

/// The mirror is damaged, appended to, and then needed, again and again.
fn act_on_the_mirror() -> impl Strategy<Value = Act> {
    let upgrade = 1..=2u128;
    prop_oneof![
        3 => (upgrade.clone(), 1..5u64).prop_map(|(upgrade, events)| Act::Append { upgrade, events }),
        1 => Just(Act::Settle),
        3 => any::<bool>().prop_map(|quick| Act::Reopen { quick }),
        3 => upgrade.clone().prop_map(|upgrade| Act::LoseWitness { upgrade }),
        3 => (place(), 0..8u8).prop_map(|(at, bit)| Act::FlipMirror { at, bit }),
        2 => (upgrade, place(), 0..8u8)
            .prop_map(|(upgrade, at, bit)| Act::FlipOpenMirror { upgrade, at, bit }),
    ]
}

/// Where in the mirror's log: anywhere, or in the header of its first segment.
fn place() -> impl Strategy<Value = usize> {
    prop_oneof![any::<usize>(), 0..20usize]
}

fn flip(path: &std::path::Path, at: usize, bit: u8) {
    if let Ok(bytes) = fs::read(path)
        && !bytes.is_empty()
    {
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |at| at + 1);
        let at = at % used;
        // In place: somebody may have it open.
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[bytes[at] ^ 1 << bit], at as u64).unwrap();
    }
}

/// One way of damage at a time: the journal settles, closes, is damaged, and is opened by the caller.
fn damage(dir: &std::path::Path, act: &Act) {
    match act {
        Act::TearTail { upgrade, bytes } => {
            let path = witness(dir, id(*upgrade));
            if let Ok(mut text) = fs::read(&path) {
                let line = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
                let torn = text[..line.min(*bytes)].to_vec();
                text.extend(torn);
                fs::write(path, text).unwrap();
            }
        }
        Act::FlipWitness { upgrade, at, bit } => flip(&witness(dir, id(*upgrade)), *at, *bit),
        Act::CutWitness { upgrade, at } => {
            let path = witness(dir, id(*upgrade));
            if let Ok(mut text) = fs::read(&path)
                && !text.is_empty()
            {
                text.truncate(*at % text.len());
                fs::write(path, text).unwrap();
            }
        }
        Act::LoseWitness { upgrade } => drop(fs::remove_file(witness(dir, id(*upgrade)))),
        Act::LoseMirror => drop(fs::remove_dir_all(dir.join("sled"))),
        Act::LoseList => drop(fs::remove_file(dir.join("known"))),
        Act::FlipMirror { at, bit } => flip(&dir.join("sled/db"), *at, *bit),
        Act::Append { .. } | Act::Settle | Act::Reopen { .. } | Act::FlipOpenMirror { .. } => {}
    }
}

fn same(journal: &DiskJournal, model: &BTreeMap<u128, Vec<Envelope>>) -> Result<(), TestCaseError> {
    for (upgrade, written) in model {
        let read = journal.read(id(*upgrade)).map_err(|f| TestCaseError::fail(f.to_string()))?;
        prop_assert_eq!(&read, written);
    }
    prop_assert_eq!(journal.upgrades().unwrap().len(), model.len());
    Ok(())
}

fn append(open: &mut DiskJournal, model: &mut BTreeMap<u128, Vec<Envelope>>, upgrade: u128, events: u64) {
    let written = model.entry(upgrade).or_default();
    let from = written.len() as u64;
    let all = contract::events(from, from + events);
    written.extend(open.append(id(upgrade), from, &contract::stamp(1), &all).unwrap());
}

/// So many cases, unless the caller of the tests says how many.
fn cases(usual: u32) -> ProptestConfig {
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let default =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() };
    if told { default } else { ProptestConfig { cases: usual, ..default } }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn one_good_copy_is_always_enough(acts in prop::collection::vec(act(), 1..14)) {
        carry_out(acts)?;
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn the_mirror_is_good_whenever_it_is_needed(acts in prop::collection::vec(act_on_the_mirror(), 3..10)) {
        carry_out(acts)?;
    }
}

fn carry_out(acts: Vec<Act>) -> Result<(), TestCaseError> {
    let root = TempDir::new().unwrap();
    let dir = root.path();
    let mut model: BTreeMap<u128, Vec<Envelope>> = BTreeMap::new();
    let mut journal = Some(open_quickly(dir).0);
    for act in acts {
        match &act {
            Act::Append { upgrade, events } => {
                append(journal.as_mut().unwrap(), &mut model, *upgrade, *events);
            }
            Act::FlipOpenMirror { upgrade, at, bit } => {
                let open = journal.as_mut().unwrap();
                open.settle().unwrap();
                flip(&dir.join("sled/db"), *at, *bit);
                append(open, &mut model, *upgrade, 1);
                open.settle().unwrap();
            }
            Act::Settle => journal.as_mut().unwrap().settle().unwrap(),
            Act::Reopen { quick } => {
                drop(journal.take());
                journal = Some(if *quick { open_quickly(dir).0 } else { open(dir).0 });
            }
            damaging => {
                journal.as_mut().unwrap().settle().unwrap();
                drop(journal.take());
                damage(dir, damaging);
                let (opened, report) = open(dir);
                prop_assert_eq!(report.damaged, vec![]);
                journal = Some(opened);
            }
        }
        same(journal.as_ref().unwrap(), &model)?;
    }
    let mut journal = journal.unwrap();
    for upgrade in model.keys() {
        fill(&mut journal, id(*upgrade), 3);
    }
    journal.settle().unwrap();
    let verified = journal.verify().unwrap();
    prop_assert!(verified.is_sound(), "{:?}", verified);
    Ok(())
}
