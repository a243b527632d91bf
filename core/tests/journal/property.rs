//! Random appends, closings, crashes and damage, against a list in memory.

use crate::common::{fill, id, open, open_quickly, witness};
use mailsec_core::journal::{DiskJournal, Envelope, Journal, contract};
use proptest::prelude::*;
use std::{collections::BTreeMap, fs};
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Act {
    Append { upgrade: u128, events: u64 },
    Settle,
    Reopen { quick: bool },
    TearTail { upgrade: u128, bytes: usize },
    FlipWitness { upgrade: u128, at: usize, bit: u8 },
    CutWitness { upgrade: u128, at: usize },
    LoseWitness { upgrade: u128 },
    LoseMirror,
    LoseList,
    FlipMirror { at: usize, bit: u8 },
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
        1 => upgrade.prop_map(|upgrade| Act::LoseWitness { upgrade }),
        1 => Just(Act::LoseMirror),
        1 => Just(Act::LoseList),
        1 => (any::<usize>(), 0..8u8).prop_map(|(at, bit)| Act::FlipMirror { at, bit }),
    ]
}

/// One way of damage at a time: the journal settles, closes, is damaged, and is opened by the caller.
fn damage(dir: &std::path::Path, act: &Act) {
    let flip = |path: &std::path::Path, at: usize, bit: u8| {
        if let Ok(mut bytes) = fs::read(path)
            && !bytes.is_empty()
        {
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |at| at + 1);
            bytes[at % used] ^= 1 << bit;
            fs::write(path, bytes).unwrap();
        }
    };
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
        Act::Append { .. } | Act::Settle | Act::Reopen { .. } => {}
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn one_good_copy_is_always_enough(acts in prop::collection::vec(act(), 1..14)) {
        let root = TempDir::new().unwrap();
        let dir = root.path();
        let mut model: BTreeMap<u128, Vec<Envelope>> = BTreeMap::new();
        let mut journal = Some(open_quickly(dir).0);
        for act in acts {
            match &act {
                Act::Append { upgrade, events } => {
                    let open = journal.as_mut().unwrap();
                    let written = model.entry(*upgrade).or_default();
                    let from = written.len() as u64;
                    let all = contract::events(from, from + events);
                    written.extend(open.append(id(*upgrade), from, &contract::stamp(1), &all).unwrap());
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
    }
}
