//! The guards around sled and the formats.

use crate::common::{copy_dir, fill, id, open, open_quickly, settled_store, witness};
use mailsec_core::{
    Code,
    journal::{Format, Journal, Lines, MirrorState, Recorded, Repair, WitnessReader, contract},
    values::Digest,
};
use std::{fs, path::Path};
use tempfile::TempDir;

#[test]
fn an_interrupted_snapshot_is_removed() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 10);
    fs::write(root.path().join("sled/snap.0000000000AF.generating"), b"half").unwrap();
    let (mut journal, report) = open(root.path());
    assert!(report.repaired.iter().any(|r| matches!(r, Repair::SnapshotRemoved { .. })), "{report:?}");
    assert_eq!(report.mirror, MirrorState::Open);
    fill(&mut journal, id(1), 12);
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
}

#[test]
fn sled_without_its_settings_is_moved_and_made_anew() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 10);
    fs::write(root.path().join("sled/conf"), [0xff; 40]).unwrap();
    let (mut journal, report) = open(root.path());
    let moved = |repair: &Repair| match repair {
        Repair::MirrorMoved { moved_to, .. } => root.path().join(moved_to).join("sled/conf").exists(),
        _ => false,
    };
    assert!(report.repaired.iter().any(moved), "{report:?}");
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
}

#[test]
fn a_damaged_snapshot_is_moved_and_sled_opens_without() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 10);
    fs::write(root.path().join("sled/snap.7FFFFFFFFFFFFFFF"), [7; 64]).unwrap();
    let (mut journal, report) = open(root.path());
    assert_eq!(report.mirror, MirrorState::Open);
    assert!(report.repaired.iter().any(|r| matches!(r, Repair::SnapshotsMoved { .. })), "{report:?}");
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
}

#[test]
fn closing_and_opening_in_one_process_does_not_stumble_over_sleds_lock() {
    let root = TempDir::new().unwrap();
    for round in 1..=20 {
        let (mut journal, report) = open(root.path());
        assert_eq!(report.mirror, MirrorState::Open);
        fill(&mut journal, id(1), round);
    }
}

#[test]
fn an_envelope_at_the_limit_stays_in_sleds_log() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(root.path());
    let large = contract::event("x".repeat(mailsec_core::journal::MAX_ENVELOPE_BYTES - 600));
    journal.append(id(1), 0, &contract::stamp(0), &[large]).unwrap();
    journal.settle().unwrap();
    assert!(journal.verify().unwrap().is_sound());
    let blobs = fs::read_dir(root.path().join("sled/blobs")).map_or(0, Iterator::count);
    assert_eq!(blobs, 0, "blob files are not covered by the flush of the log");
}

/// Writes a line of another version behind a witness, as that version would.
fn add_line(dir: &Path, json: impl FnOnce(u64, Digest) -> String) {
    let found = WitnessReader::new(dir).read(id(1)).unwrap();
    let last = found.lines.last().unwrap();
    let json = json(last.seq() + 1, last.hash());
    let line = format!("{{\"hash\":\"{}\",\"envelope\":{json}}}\n", Digest::of(json.as_bytes()));
    let path = witness(dir, id(1));
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str(&line);
    fs::write(path, text).unwrap();
}

fn envelope(format: u16, seq: u64, prev: Digest, event: &str) -> String {
    format!(
        r#"{{"format":{format},"upgrade":"{}","seq":{seq},"at":"2026-01-01T00:00:00Z","boot":"b","engine":"9.0.0","prev":"{prev}","later":[1],"event":{event}}}"#,
        id(1)
    )
}

#[test]
fn a_newer_format_is_read_and_never_written_to() {
    for quick in [true, false] {
        let root = TempDir::new().unwrap();
        settled_store(root.path(), 1, 5);
        add_line(root.path(), |seq, prev| envelope(2, seq, prev, r#"{"kind":"frobnicated","how":"well"}"#));
        let (mut journal, report) = if quick { open_quickly(root.path()) } else { open(root.path()) };
        assert_eq!(report.damaged, vec![]);
        let read = journal.read(id(1)).unwrap();
        assert_eq!((read.len(), read[5].format), (6, Format(2)));
        assert!(matches!(&read[5].event, Recorded::Unknown(json) if json["how"] == "well"));
        let failure = journal.append(id(1), 6, &contract::stamp(0), &contract::events(6, 7)).unwrap_err();
        assert_eq!(failure.code, Code::JournalNewer);
        assert!(failure.found.unwrap().contains("format 2"));
        // Taking it out changes no byte of what this version does not know.
        let lines = journal.lines(id(1)).unwrap();
        assert!(String::from_utf8_lossy(lines[5].json()).contains("\"later\":[1]"));
        journal.settle().unwrap();
        assert!(journal.verify().unwrap().is_sound());
    }
}

#[test]
fn an_unknown_kind_of_event_is_kept_and_stops_a_writer_that_cannot_fold_it() {
    let root = TempDir::new().unwrap();
    settled_store(root.path(), 1, 5);
    add_line(root.path(), |seq, prev| envelope(1, seq, prev, r#"{"kind":"frobnicated"}"#));
    let (mut journal, _) = open(root.path());
    assert!(journal.read(id(1)).unwrap()[5].event.known().is_none());
    let failure = journal.append(id(1), 6, &contract::stamp(0), &contract::events(6, 7)).unwrap_err();
    assert_eq!(failure.code, Code::JournalNewer);
    assert!(failure.found.unwrap().contains("frobnicated"));
    // Other upgrades are not concerned.
    fill(&mut journal, id(2), 2);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let root = TempDir::new().unwrap();
    let dir = root.path().join("store");
    settled_store(&dir, 1, 3);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in [dir.clone(), dir.join("witness"), dir.join("sled")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    let witness = witness(&dir, id(1));
    for name in ["store.lock", "holder", "known", "ballast", "sled/db", "sled/conf"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&witness), 0o600);
}

#[test]
fn more_than_255_events_stay_in_order() {
    let root = TempDir::new().unwrap();
    let (mut journal, _) = open(root.path());
    journal.append(id(1), 0, &contract::stamp(0), &contract::events(0, 700)).unwrap();
    journal.settle().unwrap();
    drop(journal);
    fs::remove_dir_all(root.path().join("witness")).unwrap();
    let (journal, _) = open(root.path());
    let read = journal.read(id(1)).unwrap();
    assert_eq!(read.len(), 700);
    assert!(read.iter().enumerate().all(|(at, envelope)| envelope.seq == at as u64));
}

#[test]
fn a_store_can_be_copied_while_it_is_closed() {
    let root = TempDir::new().unwrap();
    let (from, to) = (root.path().join("from"), root.path().join("to"));
    let all = settled_store(&from, 2, 8);
    copy_dir(&from, &to).unwrap();
    let (journal, report) = open(&to);
    assert_eq!(report.repaired, vec![]);
    assert_eq!(journal.read(id(2)).unwrap(), all[1]);
}
