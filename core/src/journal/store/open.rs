//! Opening a store: lock, list, witnesses, and the mirror only where it must be waited for.

use super::{
    ballast::Ballast,
    disk::{Disk, RealDisk, private_dir, read_if_there, sync_parent},
    disk_journal::DiskJournal,
    known::{self, Known, Record},
    lock::{Holder, Lock},
    mirror::Mirror,
    quarantine::Quarantine,
    repair::{MirrorState, OpenReport, Repair, unwritable},
    witness,
};
use crate::{failure::Failure, host::BootIdentity, values::Timestamp, values::UpgradeId};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    who: String,
    now: Timestamp,
    boot: Option<BootIdentity>,
    reserve: u64,
    cut_damage: bool,
    disk: Arc<dyn Disk>,
}

impl OpenOptions {
    /// For this version of the program, at this time.
    #[must_use]
    pub fn new(who: impl Into<String>, now: Timestamp) -> Self {
        Self {
            who: who.into(),
            now,
            boot: None,
            reserve: 4 * 1024 * 1024,
            cut_damage: false,
            disk: Arc::new(RealDisk),
        }
    }

    /// The present boot. When the store was last held in the same one, a power cut is ruled out, the list of
    /// upgrades is exact, and the witness alone is enough to begin.
    #[must_use]
    pub fn boot(mut self, boot: BootIdentity) -> Self {
        self.boot = Some(boot);
        self
    }

    /// Bytes kept in reserve for a full disk, instead of 4 MiB.
    #[must_use]
    pub fn reserve(mut self, bytes: u64) -> Self {
        self.reserve = bytes;
        self
    }

    /// An order by a person: cut journals that cannot be mended after their last good envelope.
    #[must_use]
    pub fn cut_damage(mut self) -> Self {
        self.cut_damage = true;
        self
    }

    /// Another device, for tests.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn disk(mut self, disk: Arc<dyn Disk>) -> Self {
        self.disk = disk;
        self
    }
}

impl DiskJournal {
    /// Opens the store in a folder, or makes it.
    ///
    /// After a kill within one boot this reads the list and the witnesses that differ from it, and returns while
    /// sled still opens; in every other case it waits for sled and compares.
    ///
    /// An upgrade that cannot be mended does not close the store to the others: it is in the report, and reading it
    /// or writing to it gives [`Code::JournalDamaged`](crate::Code::JournalDamaged).
    ///
    /// # Errors
    /// [`Code::JournalLocked`](crate::Code::JournalLocked) when another process holds it, or when it cannot be
    /// read or written.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<(Self, OpenReport), Failure> {
        let disk = Arc::clone(&options.disk);
        let witnesses_dir = dir.join("witness");
        if !witnesses_dir.is_dir() {
            private_dir(&witnesses_dir)?;
            for path in [&witnesses_dir, dir] {
                sync_parent(&*disk, path)
                    .map_err(|error| unwritable("the journal's folder cannot be flushed", path, error))?;
            }
        }
        let holder = Holder {
            pid: std::process::id(),
            who: options.who.clone(),
            since: options.now,
            boot: options.boot.clone(),
        };
        let lock = Lock::take(dir, &holder)?;
        // sled opens while the rest of this goes on.
        let mirror = Mirror::start(dir.to_owned(), Arc::clone(&disk))?;

        let unreadable = |error| unwritable("the journal cannot be read", dir, error);
        let loaded = known::load(dir).map_err(unreadable)?;
        let witnesses: BTreeSet<UpgradeId> = witness::list(dir).map_err(unreadable)?.into_iter().collect();
        let known = Known::new(Arc::clone(&disk), dir, &loaded);
        let (ballast, reserved) = Ballast::prepare(&*disk, dir, options.reserve);

        let same_boot =
            lock.before.as_ref().is_some_and(|before| before.boot.is_some() && before.boot == options.boot);
        let all_there = loaded.records.iter().all(|(upgrade, _)| witnesses.contains(upgrade));
        let quick = same_boot && loaded.wrong.is_none() && all_there;

        let mut journal = Self {
            dir: dir.to_owned(),
            quarantine: Quarantine::of(dir, Arc::clone(&disk)),
            disk,
            _lock: lock,
            known,
            complete: loaded.wrong.is_none(),
            exact: quick,
            cut_damage: options.cut_damage,
            mirror,
            ballast,
            entries: std::cell::RefCell::new(BTreeMap::new()),
            damaged: BTreeMap::new(),
            repairs: Vec::new(),
            broken: None,
        };
        if let Err(error) = reserved {
            journal.repairs.push(Repair::NoReserve { why: error.to_string() });
        }
        let mirror =
            if quick { journal.open_quickly(&witnesses)? } else { journal.compare_all(&witnesses)? };
        journal.exact = true;
        let report = OpenReport {
            upgrades: journal.every_upgrade().len() as u64,
            repaired: journal.repairs(),
            damaged: journal.damaged.values().cloned().collect(),
            mirror,
        };
        Ok((journal, report))
    }

    /// The same boot goes on: only witnesses whose length is not the acknowledged one are looked at.
    fn open_quickly(&mut self, witnesses: &BTreeSet<UpgradeId>) -> Result<MirrorState, Failure> {
        // First, for a comparison that needs the mirror's answer needs it to have begun.
        self.mirror.begin(self.known.tips());
        let mut state = MirrorState::Opening;
        for upgrade in witnesses {
            if !self.has_acknowledged_length(*upgrade) {
                self.reconcile(*upgrade)?;
            }
        }
        if !self.damaged.is_empty() {
            state = MirrorState::Open;
        }
        Ok(state)
    }

    /// Waits for the mirror and compares every upgrade that any copy knows.
    fn compare_all(&mut self, witnesses: &BTreeSet<UpgradeId>) -> Result<MirrorState, Failure> {
        self.mirror.begin(self.known.tips());
        let tips = self.mirror.tips();
        let mut all = witnesses.clone();
        all.extend(self.known.iter().map(|(upgrade, _)| upgrade));
        all.extend(tips.iter().flatten().map(|(upgrade, _)| *upgrade));
        for upgrade in all {
            let agrees = tips.as_ref().ok().and_then(|tips| tips.get(&upgrade)).copied()
                == self.known.get(upgrade).map(|record| record.tip)
                && self.has_acknowledged_length(upgrade)
                && self.mirror.dispute(upgrade).is_none();
            if !agrees {
                self.reconcile(upgrade)?;
            }
        }
        if !self.complete {
            let loaded = known::load(&self.dir).map(|loaded| loaded.wrong);
            let why = loaded.ok().flatten().unwrap_or_else(|| "it could not be read".to_owned());
            let records: Vec<(UpgradeId, Record)> = self.known.iter().collect();
            let is_fresh = records.is_empty() && self.damaged.is_empty();
            self.keep_list()?;
            self.known.rewrite(&records)?;
            self.complete = true;
            if !is_fresh {
                self.repairs.push(Repair::KnownRewritten { why });
            }
        }
        Ok(match tips {
            Ok(_) => MirrorState::Open,
            Err(failure) => MirrorState::Unavailable(failure),
        })
    }

    /// Keeps the list as it was found, when there was one.
    fn keep_list(&self) -> Result<(), Failure> {
        let path = self.dir.join("known");
        let found = read_if_there(&path)
            .map_err(|error| unwritable("the journal's list of upgrades cannot be read", &path, error))?;
        found.map_or(Ok(()), |bytes| self.quarantine.keep("known", &bytes).map(drop))
    }

    fn has_acknowledged_length(&self, upgrade: UpgradeId) -> bool {
        let length = std::fs::metadata(witness::path(&self.dir, upgrade)).map(|found| found.len());
        match (length, self.known.get(upgrade)) {
            (Ok(length), Some(record)) => length == record.bytes && !record.is_floor(),
            _ => false,
        }
    }
}
