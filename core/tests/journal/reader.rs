//! Reading while another process writes.

use crate::common::{fill, id, open, settled_store, witness};
use mailsec_core::{
    Code,
    journal::{Journal, WitnessReader, WitnessState, contract},
};
use std::{fs, io::Write};
use tempfile::TempDir;

#[test]
fn a_reader_sees_everything_while_the_store_is_held() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(root.path());
    let reader = WitnessReader::new(root.path());
    assert_eq!(reader.upgrades().unwrap(), vec![]);
    for count in 1..=20 {
        let written = fill(&mut journal, id(1), count);
        let found = reader.read(id(1)).unwrap();
        assert_eq!(found.state, WitnessState::Whole);
        assert_eq!(found.envelopes, written);
    }
    assert_eq!(reader.holder().unwrap().pid, std::process::id());
    assert_eq!(reader.read(id(2)).unwrap_err().code, Code::UpgradeNotFound);
    let bundle = reader.export(id(1)).unwrap();
    assert_eq!(bundle, mailsec_core::journal::export(&journal, id(1)).unwrap());
}

#[test]
fn a_reader_beside_a_busy_writer_never_sees_damage() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(root.path());
    fill(&mut journal, id(1), 1);
    let writer = std::thread::spawn(move || {
        fill(&mut journal, id(1), 150);
    });
    let reader = WitnessReader::new(root.path());
    let mut last = 0;
    while !writer.is_finished() {
        let found = reader.read(id(1)).unwrap();
        assert!(!matches!(found.state, WitnessState::Damaged(_)), "{:?}", found.state);
        assert!(found.envelopes.len() >= last);
        last = found.envelopes.len();
    }
    writer.join().unwrap();
}

#[test]
fn a_reader_tells_a_torn_tail_from_damage() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 10);
    let reader = WitnessReader::new(root.path());
    let path = witness(root.path(), id(1));
    let whole = fs::read(&path).unwrap();

    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&whole[..130]).unwrap();
    let found = reader.read(id(1)).unwrap();
    assert_eq!((found.envelopes.len(), found.state), (10, WitnessState::TornTail { bytes: 130 }));

    let text = String::from_utf8(whole).unwrap();
    for (bad, good) in [(text.replace("event 4", "event X"), 3), (text[..text.len() - 9].to_owned(), 8)] {
        fs::write(&path, bad).unwrap();
        let WitnessState::Damaged(damage) = reader.read(id(1)).unwrap().state else { panic!() };
        assert_eq!(damage.last_good.unwrap().seq, good);
        assert_eq!(damage.promised, 10);
        assert_eq!(reader.export(id(1)).unwrap_err().code, Code::JournalDamaged);
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(reader.upgrades().unwrap(), vec![id(1)], "a lost witness is still listed");
    assert!(matches!(reader.read(id(1)).unwrap().state, WitnessState::Damaged(_)));
}

#[test]
fn a_list_shows_the_first_and_the_last_event_of_each_upgrade() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(root.path());
    let large = contract::event("x".repeat(60_000));
    journal.append(id(1), 0, &contract::stamp(0), std::slice::from_ref(&large)).unwrap();
    fill(&mut journal, id(2), 40);
    journal.append(id(2), 40, &contract::stamp(0), &[large]).unwrap();
    let list = WitnessReader::new(root.path()).list().unwrap();
    let ends: Vec<_> = list
        .iter()
        .map(|brief| (brief.first.as_ref().unwrap().seq, brief.last.as_ref().unwrap().seq))
        .collect();
    assert_eq!(ends, vec![(0, 0), (0, 40)]);
}
