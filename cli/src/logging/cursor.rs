//! How far an upgrade's events have been told: a kill between an event and its record leaves no gap, and no run tells
//! again what an earlier one has told.

use mailsec_core::values::UpgradeId;
use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

/// A file with an upgrade's id and the number of events that were told of it.
pub(crate) struct Cursor {
    upgrade: UpgradeId,
    file: Option<File>,
    told: u64,
}

impl Cursor {
    /// Where it stands for this upgrade: at its beginning, when the file is of another one or damaged. One that cannot be
    /// kept counts for this process alone, and begins `without`.
    pub(crate) fn open(path: &Path, upgrade: UpgradeId, without: u64) -> Self {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut text = String::new();
        let opened = options.open(path).inspect(|file| {
            // What is no text is damage.
            _ = file.take(256).read_to_string(&mut text);
        });
        let Ok(file) = opened else { return Self { upgrade, file: None, told: without } };
        let told = text
            .trim_end()
            .split_once(' ')
            .filter(|(id, _)| *id == upgrade.to_string())
            .and_then(|(_, told)| told.parse().ok())
            .unwrap_or(0)
            // A journal whose damage was cut off by order is shorter than what was told of it; what comes is news.
            .min(without);
        Self { upgrade, file: Some(file), told }
    }

    /// Events told so far.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// So many events have been told. Not flushed: after a power cut some are told again.
    pub(crate) fn set(&mut self, told: u64) {
        self.told = told;
        if let Some(file) = &mut self.file {
            // Always as long: it is written over in place.
            let line = format!("{} {told:020}\n", self.upgrade);
            _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(line.as_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn it_goes_on_where_it_stood_and_begins_again_for_another_upgrade_or_after_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("told");
        let (one, other) = (UpgradeId::from_u128(1), UpgradeId::from_u128(2));
        let mut cursor = Cursor::open(&path, one, 9);
        assert_eq!(cursor.told(), 0);
        cursor.set(1_000);
        cursor.set(7);
        assert_eq!(Cursor::open(&path, one, 9).told(), 7);
        assert_eq!(Cursor::open(&path, one, 5).told(), 5);
        assert_eq!(Cursor::open(&path, other, 9).told(), 0);
        std::fs::write(&path, [0xff, 0xfe, 0]).unwrap();
        assert_eq!(Cursor::open(&path, one, 9).told(), 0);
        assert_eq!(Cursor::open(&folder.path().join("missing/told"), one, 9).told(), 9);
    }
}
