//! sled, with a guard for everything in it that loses data, refuses to open, or panics.
//!
//! Values are the witness's lines; the keys are in [`keys`].

mod keys;
mod opening;

use self::keys::{line_key, parse_tip, tip_key, tip_value, upgrade_of};
use super::{disk::Disk, repair::unwritable};
use crate::{
    failure::{Code, Failure},
    journal::{Line, Tip},
    values::UpgradeId,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The open database. Dropping it can panic inside sled; that is caught.
#[derive(Debug)]
pub(super) struct SledCopy {
    db: Option<sled::Db>,
    log: File,
    log_path: PathBuf,
    disk: Arc<dyn Disk>,
}

/// What sled has of one upgrade.
#[derive(Debug, Default, PartialEq, Eq)]
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
