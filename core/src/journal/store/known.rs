//! The list of all upgrades ever begun, with how far each was acknowledged.
//!
//! It is what makes a lost copy show: without it, a store whose witness and mirror are both gone would look like one
//! in which nothing ever happened. A record is rewritten in place after each append and before the caller hears of
//! it, without a device flush: it is exact after a kill, since the kernel still has it, and never ahead of the
//! witness; after a power cut it may be behind. A new upgrade's record is flushed before its first append is
//! acknowledged, so which upgrades there are is exact always.
//!
//! Text of fixed width. The first line says how many records follow, so that a list cut at a line's end shows.

use super::{
    disk::{Disk, private_file, read_if_there, replace, sync_parent, write_at},
    repair::unwritable,
};
use crate::{
    failure::Failure,
    journal::{Line, Tip},
    values::{Digest, UpgradeId},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

const HEADER: usize = 46;
const RECORD: usize = 143;

/// How far an upgrade was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) tip: Tip,
    /// Bytes of its witness.
    pub(super) bytes: u64,
}

impl Record {
    /// Of a damaged upgrade: there must have been so many, and nobody knows the last one's hash.
    pub(super) fn at_least(count: u64) -> Self {
        Self { tip: Tip { count, hash: Digest::ZERO }, bytes: 0 }
    }

    /// Whether this is only what damage let see of how far it was acknowledged.
    pub(super) fn is_floor(&self) -> bool {
        self.tip.count > 0 && self.tip.hash == Digest::ZERO
    }

    /// Whether lines of a chain have what is recorded here.
    pub(super) fn is_in(&self, lines: &[Line]) -> bool {
        match self.is_floor() {
            true => lines.len() as u64 >= self.tip.count,
            false => self.tip.is_in(lines),
        }
    }
}

/// The list in its file.
#[derive(Debug)]
pub(super) struct Known {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Option<File>,
    records: BTreeMap<UpgradeId, (usize, Record)>,
    unflushed: bool,
    /// Whether the file is damaged: it stays as it is until it is written anew, as a whole.
    held: bool,
}

/// What the file gave.
pub(super) struct Loaded {
    pub(super) records: Vec<(UpgradeId, Record)>,
    /// Why it cannot be relied on, when it cannot.
    pub(super) wrong: Option<String>,
}

/// Reads the list; safe while another process writes it.
pub(super) fn load(dir: &Path) -> io::Result<Loaded> {
    let Some(bytes) = read_if_there(&dir.join("known"))? else {
        return Ok(Loaded { records: Vec::new(), wrong: Some("it is missing".to_owned()) });
    };
    Ok(parse(&bytes))
}

fn parse(bytes: &[u8]) -> Loaded {
    let mut wrong = None;
    let promised = bytes.get(..HEADER).and_then(checked).and_then(|text| {
        text.strip_prefix("mailsec-journal 1 ").and_then(|count| count.parse::<usize>().ok())
    });
    let mut records = Vec::new();
    for (at, piece) in bytes.get(HEADER..).unwrap_or_default().chunks(RECORD).enumerate() {
        match checked(piece).and_then(parse_record) {
            Some(record) => records.push(record),
            // A record beyond the promised ones is one whose upgrade was never acknowledged.
            None if promised.is_some_and(|count| at >= count) => {}
            None => wrong = Some(format!("record {at} is damaged")),
        }
    }
    match promised {
        None => wrong = Some("its first line is damaged".to_owned()),
        Some(count) if records.len() < count && wrong.is_none() => {
            wrong = Some(format!("it has {} of {count} records", records.len()));
        }
        Some(_) => {}
    }
    let names: BTreeSet<UpgradeId> = records.iter().map(|(upgrade, _)| *upgrade).collect();
    if names.len() < records.len() {
        wrong = Some("it names an upgrade twice".to_owned());
    }
    Loaded { records, wrong }
}

/// The text before the checksum, when the checksum is right.
fn checked(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (text, sum) = line.rsplit_once(' ')?;
    (sum == checksum(text)).then_some(text)
}

fn checksum(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()[..16].to_owned()
}

fn sealed(text: &str) -> Vec<u8> {
    format!("{text} {}\n", checksum(text)).into_bytes()
}

fn parse_record(text: &str) -> Option<(UpgradeId, Record)> {
    let mut fields = text.split(' ');
    let upgrade = UpgradeId::parse(fields.next()?)?;
    let count = fields.next()?.parse().ok()?;
    let bytes = fields.next()?.parse().ok()?;
    let hash = Digest::parse(fields.next()?)?;
    Some((upgrade, Record { tip: Tip { count, hash }, bytes }))
}

fn record_line(upgrade: UpgradeId, record: &Record) -> Vec<u8> {
    sealed(&format!("{upgrade} {:010} {:012} {}", record.tip.count, record.bytes, record.tip.hash))
}

fn header_line(count: usize) -> Vec<u8> {
    sealed(&format!("mailsec-journal 1 {count:010}"))
}

impl Known {
    /// Takes up what was loaded; writes nothing yet.
    pub(super) fn new(disk: Arc<dyn Disk>, dir: &Path, loaded: &Loaded) -> Self {
        let held = loaded.wrong.is_some();
        let records =
            loaded.records.iter().enumerate().map(|(slot, (id, record))| (*id, (slot, *record))).collect();
        Self { disk, path: dir.join("known"), file: None, records, unflushed: false, held }
    }

    pub(super) fn get(&self, upgrade: UpgradeId) -> Option<Record> {
        self.records.get(&upgrade).map(|(_, record)| *record)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (UpgradeId, Record)> {
        self.records.iter().map(|(id, (_, record))| (*id, *record))
    }

    /// Where each upgrade's chain ends.
    pub(super) fn tips(&self) -> BTreeMap<UpgradeId, Tip> {
        self.iter().map(|(upgrade, record)| (upgrade, record.tip)).collect()
    }

    /// Sets a record. A new one is on the device when this returns.
    pub(super) fn set(&mut self, upgrade: UpgradeId, record: Record) -> Result<(), Failure> {
        let path = self.path.clone();
        self.try_set(upgrade, record)
            .map_err(|error| unwritable("the journal's list of upgrades cannot be written", &path, error))
    }

    fn try_set(&mut self, upgrade: UpgradeId, record: Record) -> io::Result<()> {
        let slot = self.records.get(&upgrade).map(|(slot, _)| *slot);
        let at = slot.unwrap_or(self.records.len());
        if self.held {
            // In a damaged list the places are guesses.
            self.records.insert(upgrade, (at, record));
            return Ok(());
        }
        let is_new = slot.is_none();
        let count = self.records.len() + usize::from(is_new);
        let disk = Arc::clone(&self.disk);
        let path = self.path.clone();
        let mut file = match self.file.take() {
            Some(file) => file,
            None => private_file().create(true).truncate(false).open(&path)?,
        };
        let line = record_line(upgrade, &record);
        write_at(&*disk, &path, &mut file, (HEADER + at * RECORD) as u64, &line)?;
        if is_new {
            write_at(&*disk, &path, &mut file, 0, &header_line(count))?;
            disk.sync(&path, &file)?;
            if count == 1 {
                sync_parent(&*disk, &path)?;
            }
        }
        self.file = Some(file);
        self.unflushed |= !is_new;
        self.records.insert(upgrade, (at, record));
        Ok(())
    }

    /// Takes an upgrade out of the list.
    pub(super) fn remove(&mut self, upgrade: UpgradeId) -> Result<(), Failure> {
        if self.held {
            self.records.remove(&upgrade);
            return Ok(());
        }
        let rest: Vec<_> = self.iter().filter(|(id, _)| *id != upgrade).collect();
        self.rewrite(&rest)
    }

    /// Writes the whole list anew, with only these records.
    pub(super) fn rewrite(&mut self, records: &[(UpgradeId, Record)]) -> Result<(), Failure> {
        let mut bytes = header_line(records.len());
        for (upgrade, record) in records {
            bytes.extend(record_line(*upgrade, record));
        }
        self.file = None;
        replace(&*self.disk, &self.path, &bytes)?;
        self.records =
            records.iter().enumerate().map(|(slot, (id, record))| (*id, (slot, *record))).collect();
        self.unflushed = false;
        self.held = false;
        Ok(())
    }

    /// Waits until the records are on the device.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        if let (true, Some(file)) = (self.unflushed, &self.file) {
            self.disk.sync(&self.path, file).map_err(|error| {
                unwritable("the journal's list of upgrades cannot be flushed", &self.path, error)
            })?;
        }
        self.unflushed = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(count: u64) -> Record {
        Record { tip: Tip { count, hash: Digest::of(&count.to_le_bytes()) }, bytes: count * 400 }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_the_list_shows() {
        let mut bytes = header_line(2);
        for id in 1..=2 {
            bytes.extend(record_line(UpgradeId::from_u128(id), &record(17)));
        }
        assert_eq!(bytes.len(), HEADER + 2 * RECORD);
        let whole = parse(&bytes);
        assert!(whole.wrong.is_none());
        assert_eq!(whole.records[1], (UpgradeId::from_u128(2), record(17)));
        for at in 0..bytes.len() {
            assert!(parse(&bytes[..at]).wrong.is_some(), "cut at {at}");
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert!(parse(&bad).wrong.is_some(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_record_that_was_begun_and_not_counted_is_no_damage() {
        let mut bytes = header_line(1);
        bytes.extend(record_line(UpgradeId::from_u128(1), &record(3)));
        bytes.extend(&record_line(UpgradeId::from_u128(2), &record(1))[..70]);
        let loaded = parse(&bytes);
        assert!(loaded.wrong.is_none());
        assert_eq!(loaded.records.len(), 1);
    }

    #[test]
    fn a_record_that_stands_there_twice_took_the_place_of_another() {
        let twice = record_line(UpgradeId::from_u128(1), &record(3)).repeat(2);
        assert!(parse(&[header_line(2), twice].concat()).wrong.is_some());
    }
}
