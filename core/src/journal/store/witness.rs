//! The witness: one append-only file of lines per upgrade, the copy whose flush acknowledges an append.

use super::disk::{Disk, is_full, private_file, sync_parent, write_at};
use crate::{
    journal::{Line, Tip},
    values::UpgradeId,
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead},
    path::{Path, PathBuf},
};

/// How a witness ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// With a whole line.
    Clean,
    /// With a write that was cut off.
    Torn,
    /// With something that was whole once, or in the middle of the file.
    Damaged,
}

/// What is in a witness.
#[derive(Debug)]
pub(super) struct Scan {
    /// The chain from its beginning as far as it is whole.
    pub(super) lines: Vec<Line>,
    /// Bytes of that.
    pub(super) good_bytes: u64,
    /// Bytes in all.
    pub(super) bytes: u64,
    /// Good lines that stand behind damage.
    pub(super) beyond: BTreeMap<u64, Line>,
    pub(super) tail: Tail,
    /// Whether there is a file.
    pub(super) exists: bool,
}

impl Scan {
    /// Envelopes that there must have been, as far as this copy shows.
    pub(super) fn promised(&self) -> u64 {
        let lines = self.lines.len() as u64;
        let beyond = self.beyond.last_key_value().map_or(0, |(seq, _)| seq + 1);
        let damaged = u64::from(self.tail == Tail::Damaged);
        beyond.max(lines + damaged)
    }

    /// Every good line by its position.
    pub(super) fn by_seq(&self) -> BTreeMap<u64, Line> {
        let mut all = self.beyond.clone();
        all.extend(self.lines.iter().map(|line| (line.seq(), line.clone())));
        all
    }
}

/// Where a store keeps an upgrade's witness.
pub(super) fn path(dir: &Path, upgrade: UpgradeId) -> PathBuf {
    dir.join("witness").join(format!("{upgrade}.jsonl"))
}

/// The upgrades that have a witness, in order.
pub(super) fn list(dir: &Path) -> io::Result<Vec<UpgradeId>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir.join("witness")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name();
        let upgrade = name.to_str().and_then(|name| name.strip_suffix(".jsonl")).and_then(UpgradeId::parse);
        found.extend(upgrade);
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads an upgrade's witness.
pub(super) fn load(dir: &Path, upgrade: UpgradeId) -> io::Result<Scan> {
    let bytes = super::disk::read_if_there(&path(dir, upgrade))?;
    let mut found = scan(upgrade, bytes.as_deref().unwrap_or_default());
    found.exists = bytes.is_some();
    Ok(found)
}

/// Reads the bytes of a witness.
pub(super) fn scan(upgrade: UpgradeId, bytes: &[u8]) -> Scan {
    scan_again(upgrade, bytes, &[])
}

/// As [`scan`], of a witness in which these lines were found before. Every byte is hashed anew; only what the bytes say
/// need not be read anew.
pub(super) fn scan_again(upgrade: UpgradeId, bytes: &[u8], known: &[Line]) -> Scan {
    let mut found = Scan {
        lines: Vec::new(),
        good_bytes: 0,
        bytes: bytes.len() as u64,
        beyond: BTreeMap::new(),
        tail: Tail::Clean,
        exists: true,
    };
    let mut tip = Tip::EMPTY;
    let mut rest = bytes;
    while !rest.is_empty() {
        // Of bytes in memory, which cannot fail to be read.
        let length = BufRead::skip_until(&mut &*rest, b'\n').unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        let ended = piece.strip_suffix(b"\n");
        // A file's length can reach the device before its bytes do: what is missing at its end is zeros then.
        let text = ended.unwrap_or_else(|| without_zeros(piece));
        let line =
            Line::parse_again(text, known.get(found.lines.len())).filter(|line| line.upgrade() == upgrade);
        match line {
            Some(line) if found.tail == Tail::Clean && tip.takes(upgrade, &line) => {
                tip = Tip { count: line.seq() + 1, hash: line.hash() };
                found.good_bytes += text.len() as u64 + u64::from(ended.is_some());
                found.lines.push(line);
                if ended.is_none() {
                    // Whole but for its line feed: a write cut off right before it. The line counts.
                    found.tail = Tail::Torn;
                }
            }
            Some(line) => {
                found.tail = Tail::Damaged;
                found.beyond.entry(line.seq()).or_insert(line);
            }
            None if ended.is_none() && found.tail == Tail::Clean && Line::is_cut_off(piece) => {
                found.tail = Tail::Torn;
            }
            None => found.tail = Tail::Damaged,
        }
    }
    found
}

fn without_zeros(piece: &[u8]) -> &[u8] {
    let length = piece.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    piece.get(..length).unwrap_or_default()
}

/// Why an append failed.
#[derive(Debug)]
pub(super) enum AppendError {
    /// No room; the file is as it was before.
    Full(io::Error),
    /// The file is in an unknown state, or the device failed.
    Broken(io::Error),
}

/// A witness that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// Where the next line goes.
    pub(super) bytes: u64,
    fresh: bool,
}

impl Writer {
    /// Opens the witness to continue after its first `bytes` bytes.
    ///
    /// Not in append mode: Windows would not let such a handle cut off what a failed write left. The lock makes
    /// this the only writer.
    pub(super) fn open(dir: &Path, upgrade: UpgradeId, bytes: u64) -> io::Result<Self> {
        let path = path(dir, upgrade);
        let file = private_file().create(true).truncate(false).open(&path)?;
        Ok(Self { path, file, bytes, fresh: bytes == 0 })
    }

    /// Appends text and waits for the device: one write, one flush. A new file costs a second flush, of its name.
    ///
    /// The file is not extended in advance: it saved nothing measurable per append, and zeros behind the last line
    /// are no text that a person or another program can read.
    pub(super) fn append(&mut self, disk: &dyn Disk, text: &[u8]) -> Result<(), AppendError> {
        if let Err(error) = write_at(disk, &self.path, &mut self.file, self.bytes, text) {
            return Err(match (self.cut(disk), is_full(&error)) {
                (Ok(()), true) => AppendError::Full(error),
                _ => AppendError::Broken(error),
            });
        }
        let flushed = disk.sync(&self.path, &self.file).and_then(|()| match self.fresh {
            true => sync_parent(disk, &self.path),
            false => Ok(()),
        });
        if let Err(error) = flushed {
            // After a failed flush the kernel may have dropped the pages and forgotten it; a second flush that
            // succeeds proves nothing. So cut, and never trust this handle again.
            let _ = self.cut(disk);
            return Err(AppendError::Broken(error));
        }
        self.fresh = false;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Waits for what is there already, which a process that was killed may have left to the kernel.
    pub(super) fn flush(&mut self, disk: &dyn Disk) -> io::Result<()> {
        disk.sync(&self.path, &self.file)
    }

    fn cut(&mut self, disk: &dyn Disk) -> io::Result<()> {
        disk.cut(&self.path, &self.file, self.bytes)?;
        disk.sync(&self.path, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::{Journal, Lines, MemoryJournal, Stamp},
        upgrade::{Actor, Event, Request},
        values::Timestamp,
    };

    #[test]
    fn wherever_a_write_is_cut_off_with_or_without_zeros_behind_it_nothing_is_damaged() {
        let upgrade = UpgradeId::from_u128(7);
        let stamp = Stamp {
            at: Timestamp::from_millis(0),
            boot: crate::host::BootIdentity("boot-1".into()),
            engine: "0.1.0".into(),
        };
        let event =
            Event::Requested { request: Request::Pause, by: Actor("ada".into()), note: "x".to_owned() };
        let mut journal = MemoryJournal::new();
        journal.append(upgrade, 0, &stamp, &[event.clone(), event.clone(), event]).unwrap();
        let lines = journal.lines(upgrade).unwrap();
        let text: Vec<u8> = lines.iter().flat_map(Line::text).collect();
        for cut in 0..text.len() {
            let whole = lines.iter().scan(0, |end, line| {
                *end += line.text_len();
                Some(*end)
            });
            let whole = whole.filter(|end| end - 1 <= cut).count();
            for zeros in [0, 1, text.len() - cut] {
                let mut left = text[..cut].to_vec();
                left.resize(cut + zeros, 0);
                let found = scan(upgrade, &left);
                assert!(found.tail != Tail::Damaged, "cut at {cut}, {zeros} zeros");
                assert_eq!(found.lines, lines[..whole], "cut at {cut}, {zeros} zeros");
            }
        }
    }
}
