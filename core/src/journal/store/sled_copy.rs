//! sled, with a guard for everything in it that loses data, refuses to open, or panics.
//!
//! Keys are the upgrade's 16 bytes and the position in 8 bytes, big-endian, so that their order is the order of
//! events; the upgrade's 16 bytes alone hold its tip. Values are the witness's lines.

use super::{
    disk::{Disk, private_dir},
    quarantine::Quarantine,
    repair::{Repair, unwritable},
};
use crate::{
    failure::{Code, Failure},
    journal::{Line, Tip},
    values::{Digest, UpgradeId},
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How often sled's lock is tried, which a handle that was just dropped may keep: for about two seconds.
const LOCK_TRIES: u32 = 100;
/// The wait after a try; it begins with a hundredth of it.
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// The open database. Dropping it can panic inside sled; that is caught.
#[derive(Debug)]
pub(super) struct SledCopy {
    db: Option<sled::Db>,
    log: File,
    log_path: PathBuf,
    disk: Arc<dyn Disk>,
}

/// What sled has of one upgrade.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// The good lines.
    pub(super) lines: BTreeMap<u64, Line>,
    /// The tip that was written with the last one.
    pub(super) tip: Option<Tip>,
    /// Whether there is anything else under this upgrade.
    pub(super) odd: bool,
}

impl Fetched {
    /// Envelopes that there must have been, as far as this copy shows.
    pub(super) fn promised(&self) -> u64 {
        let lines = self.lines.last_key_value().map_or(0, |(seq, _)| seq + 1);
        lines.max(self.tip.map_or(0, |tip| tip.count))
    }

    /// Whether it is exactly these lines.
    pub(super) fn is(&self, lines: &[Line]) -> bool {
        !self.odd
            && self.lines.len() == lines.len()
            && self.lines.values().zip(lines).all(|(a, b)| a.hash() == b.hash())
            && self.tip == (!lines.is_empty()).then(|| Tip::of(lines))
    }
}

impl SledCopy {
    /// Opens the database, without its snapshots or anew if it must be.
    pub(super) fn open(
        dir: &Path,
        disk: Arc<dyn Disk>,
        quarantine: &Quarantine,
        note: &mut dyn FnMut(Repair),
    ) -> Result<Self, Failure> {
        let dir = dir.join("sled");
        private_dir(&dir)?;
        // A kill during a snapshot leaves `snap.*.generating`, which sled takes for its newest snapshot and then
        // cannot open, for ever.
        for path in files_named(&dir, |name| name.ends_with(".generating"))? {
            fs::remove_file(&path)
                .map_err(|error| unwritable("an interrupted snapshot cannot be removed", &path, error))?;
            note(Repair::SnapshotRemoved { file: file_name(&path) });
        }
        let first = match Self::try_open(&dir, &disk) {
            Ok(copy) => return Ok(copy),
            Err(failure) if failure.code == Code::DiskFull => return Err(failure),
            Err(failure) => failure,
        };
        let snapshots = files_named(&dir, |name| name.starts_with("snap."))?;
        if !snapshots.is_empty() {
            let moved_to = quarantine.take("snapshots", &snapshots)?;
            note(Repair::SnapshotsMoved { why: first.to_string(), moved_to });
            match Self::try_open(&dir, &disk) {
                Ok(copy) => return Ok(copy),
                Err(failure) if failure.code == Code::DiskFull => return Err(failure),
                Err(_) => {}
            }
        }
        Self::anew(&dir, &disk, quarantine, first.to_string(), note)
    }

    /// Moves the database of a store away, and begins another. Nobody may have the old one open.
    pub(super) fn begin_anew(
        dir: &Path,
        disk: &Arc<dyn Disk>,
        quarantine: &Quarantine,
        why: &str,
        note: &mut dyn FnMut(Repair),
    ) -> Result<Self, Failure> {
        Self::anew(&dir.join("sled"), disk, quarantine, why.to_owned(), note)
    }

    fn anew(
        dir: &PathBuf,
        disk: &Arc<dyn Disk>,
        quarantine: &Quarantine,
        why: String,
        note: &mut dyn FnMut(Repair),
    ) -> Result<Self, Failure> {
        let moved_to = quarantine.take("sled", std::slice::from_ref(dir))?;
        note(Repair::MirrorMoved { why, moved_to });
        private_dir(dir)?;
        Self::try_open(dir, disk)
    }

    fn try_open(dir: &Path, disk: &Arc<dyn Disk>) -> Result<Self, Failure> {
        let db = guarded(|| open_when_free(dir))?;
        let log_path = dir.join("db");
        let io = |error| unwritable("the second copy cannot be flushed", &log_path, error);
        let log = super::disk::private_file().open(&log_path).map_err(io)?;
        let copy = Self { db: Some(db), log, log_path: log_path.clone(), disk: Arc::clone(disk) };
        // The first full read is where damage shows, as an error or a panic.
        copy.guard(|db| {
            for item in db.iter() {
                item?;
            }
            Ok(())
        })?;
        // sled flushes neither its settings nor its names.
        let settings = dir.join("conf");
        let file = super::disk::private_file().open(&settings).map_err(io)?;
        disk.sync(&settings, &file).map_err(io)?;
        #[cfg(unix)]
        for path in [&settings, &log_path] {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(io)?;
        }
        disk.sync(&copy.log_path, &copy.log).map_err(io)?;
        disk.sync_dir(dir).map_err(io)?;
        dir.parent().map_or(Ok(()), |parent| disk.sync_dir(parent)).map_err(io)?;
        Ok(copy)
    }

    fn guard<T>(&self, work: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, Failure> {
        let Some(db) = &self.db else {
            return Err(Failure::new(Code::JournalUnwritable, "the second copy is closed"));
        };
        guarded(|| work(db))
    }

    /// The tip of every upgrade.
    pub(super) fn tips(&self) -> Result<BTreeMap<UpgradeId, Tip>, Failure> {
        self.guard(|db| {
            let mut tips = BTreeMap::new();
            // From one upgrade to the next, without walking through their lines.
            let mut from = Some(0_u128);
            while let Some(start) = from
                && let Some(item) = db.range(start.to_be_bytes()..).next()
            {
                let key = item?.0;
                let Some(upgrade) = upgrade_of(&key) else {
                    // A key that is too short is none of ours; with zeros behind it comes what follows it.
                    let mut padded = [0; 16];
                    padded[..key.len()].copy_from_slice(&key);
                    from = Some(u128::from_be_bytes(padded));
                    continue;
                };
                let tip = db.get(tip_key(upgrade))?.as_deref().and_then(parse_tip);
                tips.insert(upgrade, tip.unwrap_or(Tip::EMPTY));
                from = upgrade.uuid().as_u128().checked_add(1);
            }
            Ok(tips)
        })
    }

    /// One upgrade's tip.
    pub(super) fn tip(&self, upgrade: UpgradeId) -> Result<Option<Tip>, Failure> {
        self.guard(|db| Ok(db.get(tip_key(upgrade))?.as_deref().and_then(parse_tip)))
    }

    /// Everything of one upgrade.
    pub(super) fn fetch(&self, upgrade: UpgradeId) -> Result<Fetched, Failure> {
        self.guard(|db| {
            let mut fetched = Fetched::default();
            for item in db.scan_prefix(tip_key(upgrade)) {
                let (key, value) = item?;
                if key.len() == 16 {
                    fetched.tip = parse_tip(&value);
                    fetched.odd |= fetched.tip.is_none();
                    continue;
                }
                let line = Line::parse(&value)
                    .filter(|line| line.upgrade() == upgrade && key[..] == line_key(upgrade, line.seq())[..]);
                match line {
                    Some(line) => drop(fetched.lines.insert(line.seq(), line)),
                    None => fetched.odd = true,
                }
            }
            Ok(fetched)
        })
    }

    /// Puts lines and the tip behind them in one transaction; lines that are there already are passed over. A line
    /// that does not continue what is there is an error.
    pub(super) fn append(&self, upgrade: UpgradeId, lines: &[Line]) -> Result<(), Failure> {
        use sled::transaction::{ConflictableTransactionError, TransactionError};
        let put = |db: &sled::Db| {
            Ok(db.transaction(|tree| {
                // Pure but for the tree: sled runs it again on a conflict.
                let mut tip =
                    tree.get(tip_key(upgrade))?.as_deref().and_then(parse_tip).unwrap_or(Tip::EMPTY);
                for line in lines {
                    if line.seq() < tip.count {
                        continue;
                    }
                    if !tip.takes(upgrade, line) {
                        return Err(ConflictableTransactionError::Abort(tip));
                    }
                    let text = line.text();
                    tree.insert(&line_key(upgrade, line.seq())[..], &text[..text.len() - 1])?;
                    tip = Tip { count: line.seq() + 1, hash: line.hash() };
                }
                tree.insert(&tip_key(upgrade)[..], tip_value(tip))?;
                Ok(tip)
            }))
        };
        match self.guard(put)? {
            Ok(tip) if tip == Tip::of(lines) || tip.count > Tip::of(lines).count => Ok(()),
            Ok(tip) | Err(TransactionError::Abort(tip)) => Err(differs(upgrade, tip)),
            Err(TransactionError::Storage(error)) => Err(failed(&error)),
        }
    }

    /// Makes an upgrade's lines exactly these.
    pub(super) fn replace(&self, upgrade: UpgradeId, lines: &[Line]) -> Result<(), Failure> {
        self.guard(|db| {
            let mut batch = sled::Batch::default();
            for key in db.scan_prefix(tip_key(upgrade)).keys() {
                batch.remove(key?);
            }
            for line in lines {
                let text = line.text();
                batch.insert(&line_key(upgrade, line.seq())[..], &text[..text.len() - 1]);
            }
            if !lines.is_empty() {
                batch.insert(&tip_key(upgrade)[..], tip_value(Tip::of(lines)));
            }
            db.apply_batch(batch)
        })
    }

    /// Waits until everything is on the device. sled's own flush is none on Linux, where it only starts writing the
    /// pages; hence the second one, on sled's log.
    pub(super) fn flush(&self) -> Result<(), Failure> {
        self.guard(|db| db.flush())?;
        self.disk
            .sync(&self.log_path, &self.log)
            .map_err(|error| unwritable("the second copy cannot be flushed", &self.log_path, error))
    }
}

impl Drop for SledCopy {
    fn drop(&mut self) {
        // sled unwraps a flush when its log is dropped.
        let db = self.db.take();
        let _ = catch_unwind(AssertUnwindSafe(move || drop(db)));
    }
}

/// Opens sled; a handle of this process that was just dropped may hold its lock a little longer.
fn open_when_free(dir: &Path) -> sled::Result<sled::Db> {
    let mut tries = 0;
    loop {
        // Never a segment size or compression: sled pins them in its folder for ever.
        let opened =
            sled::Config::new().path(dir).flush_every_ms(None).cache_capacity(16 * 1024 * 1024).open();
        match opened {
            Err(sled::Error::Io(error))
                if tries < LOCK_TRIES && error.to_string().contains("could not acquire lock") =>
            {
                tries += 1;
                std::thread::sleep((LOCK_WAIT / 100 * 2_u32.pow(tries.min(7))).min(LOCK_WAIT));
            }
            other => return other,
        }
    }
}

/// Runs sled code and takes its panics for errors.
fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(&error)),
        Err(panic) => {
            let said = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(Failure::new(Code::JournalUnwritable, "sled panicked").cause(said))
        }
    }
}

fn failed(error: &sled::Error) -> Failure {
    match error {
        sled::Error::Io(io) => {
            let again = io::Error::new(io.kind(), io.to_string());
            unwritable("the second copy of the journal failed", Path::new("sled"), again)
        }
        other => Failure::new(Code::JournalUnwritable, "the second copy of the journal failed").cause(other),
    }
}

fn differs(upgrade: UpgradeId, tip: Tip) -> Failure {
    Failure::new(Code::JournalDamaged, format!("the two copies of upgrade {upgrade} differ"))
        .found(format!("the second copy has {} envelopes, the last with hash {}", tip.count, tip.hash))
        .hint("stop this run and open the journal again; opening compares the copies line by line")
}

fn files_named(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| unwritable("the second copy's folder cannot be read", dir, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if wanted(&file_name(&path)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn tip_key(upgrade: UpgradeId) -> [u8; 16] {
    *upgrade.uuid().as_bytes()
}

fn line_key(upgrade: UpgradeId, seq: u64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&tip_key(upgrade));
    key[16..].copy_from_slice(&seq.to_be_bytes());
    key
}

fn upgrade_of(key: &[u8]) -> Option<UpgradeId> {
    let bytes: [u8; 16] = key.get(..16)?.try_into().ok()?;
    Some(UpgradeId::from_u128(u128::from_be_bytes(bytes)))
}

fn tip_value(tip: Tip) -> Vec<u8> {
    format!("{} {}", tip.count, tip.hash).into_bytes()
}

fn parse_tip(value: &[u8]) -> Option<Tip> {
    let (count, hash) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    Some(Tip { count: count.parse().ok()?, hash: Digest::parse(hash)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_keys_is_the_order_of_events(a: u64, b: u64, one: u128, other: u128) {
            let (one, other) = (UpgradeId::from_u128(one), UpgradeId::from_u128(other));
            prop_assert_eq!(line_key(one, a).cmp(&line_key(one, b)), a.cmp(&b));
            prop_assert_eq!(
                line_key(one, a).cmp(&line_key(other, b)),
                (one, a).cmp(&(other, b))
            );
            prop_assert_eq!(upgrade_of(&line_key(one, a)), Some(one));
        }
    }
}
