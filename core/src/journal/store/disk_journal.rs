//! The journal on a device.

use super::{
    ballast::Ballast,
    disk::Disk,
    known::{Known, Record},
    lock::Lock,
    mirror::Mirror,
    quarantine::Quarantine,
    repair::{Repair, unwritable},
    witness::{self, AppendError, Writer},
};
use crate::{
    failure::{Code, Failure},
    journal::{
        Adopted, Damage, Envelope, Journal, Line, Lines, Stamp, Tip,
        chain::{self, envelopes},
    },
    upgrade::Event,
    values::UpgradeId,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The journal on a device. Made by [`DiskJournal::open`]; holds the store's lock until it is dropped.
#[derive(Debug)]
pub struct DiskJournal {
    pub(super) dir: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) quarantine: Quarantine,
    pub(super) known: Known,
    /// Whether the list of upgrades was read whole.
    pub(super) complete: bool,
    /// Whether the list's records are exact, not only a lower bound.
    pub(super) exact: bool,
    pub(super) cut_damage: bool,
    pub(super) mirror: Mirror,
    pub(super) ballast: Ballast,
    /// Upgrades whose witness was verified since opening.
    pub(super) entries: RefCell<BTreeMap<UpgradeId, Entry>>,
    pub(super) damaged: BTreeMap<UpgradeId, Damage>,
    pub(super) repairs: Vec<Repair>,
    /// After a device that failed, nothing more is written through this handle.
    pub(super) broken: Option<Failure>,
    // Last, so that it is let go of after everything else.
    pub(super) _lock: Lock,
}

/// A verified upgrade.
#[derive(Debug)]
pub(super) struct Entry {
    tip: Tip,
    /// Why this version must not write to it, if so.
    newer: Option<Failure>,
    writer: Option<Writer>,
}

impl DiskJournal {
    /// The folder it is in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Everything that was put right since opening, by the mirror's thread too.
    #[must_use]
    pub fn repairs(&self) -> Vec<Repair> {
        let mut all = self.repairs.clone();
        all.extend(self.mirror.repairs());
        all
    }

    /// Every upgrade that the store knows of.
    pub(super) fn every_upgrade(&self) -> BTreeSet<UpgradeId> {
        let mut all: BTreeSet<UpgradeId> = self.known.iter().map(|(upgrade, _)| upgrade).collect();
        all.extend(self.damaged.keys());
        all
    }

    fn refusal(&self, upgrade: UpgradeId) -> Option<Failure> {
        self.damaged.get(&upgrade).map(Damage::failure)
    }

    /// The upgrade's lines from its witness, verified against the list; none when the copies must be compared.
    fn verified(&self, upgrade: UpgradeId, record: Record) -> Result<Option<Vec<Line>>, Failure> {
        let scan = witness::load(&self.dir, upgrade)
            .map_err(|error| unwritable("a witness cannot be read", &self.dir, error))?;
        if scan.tail != witness::Tail::Clean || Tip::of(&scan.lines) != record.tip {
            return Ok(None);
        }
        let mut entries = self.entries.borrow_mut();
        entries.entry(upgrade).or_insert_with(|| Entry {
            tip: record.tip,
            newer: chain::writable(&scan.lines).err(),
            writer: None,
        });
        Ok(Some(scan.lines))
    }

    /// Makes sure that an upgrade is verified before it is written to; mends it if need be.
    fn prepare(&mut self, upgrade: UpgradeId) -> Result<Tip, Failure> {
        // The mirror, which opened beside the work, has something else: both are compared before anything is added.
        if self.mirror.dispute(upgrade).is_some() && !self.damaged.contains_key(&upgrade) {
            self.reconcile(upgrade)?;
        }
        if let Some(failure) = self.refusal(upgrade) {
            return Err(failure);
        }
        if let Some(entry) = self.entries.get_mut().get(&upgrade) {
            return entry.newer.clone().map_or(Ok(entry.tip), Err);
        }
        if let Some(record) = self.known.get(upgrade)
            && self.verified(upgrade, record)?.is_none()
        {
            self.reconcile(upgrade)?;
            if let Some(failure) = self.refusal(upgrade) {
                return Err(failure);
            }
            if let Some(record) = self.known.get(upgrade) {
                self.verified(upgrade, record)?;
            }
        }
        let fresh = || Entry { tip: Tip::EMPTY, newer: None, writer: None };
        let entry = self.entries.get_mut().entry(upgrade).or_insert_with(fresh);
        entry.newer.clone().map_or(Ok(entry.tip), Err)
    }

    /// Writes sealed lines behind the present ones; durable when this returns.
    fn write(&mut self, upgrade: UpgradeId, lines: Vec<Line>) -> Result<(), Failure> {
        let mut text = Vec::with_capacity(lines.iter().map(Line::text_len).sum());
        for line in &lines {
            line.write_to(&mut text);
        }
        let bytes = self.write_witness(upgrade, &text)?;
        let record = Record { tip: Tip::of(&lines), bytes };
        if let Err(first) = self.known.set(upgrade, record) {
            let again = match first.code == Code::DiskFull && self.ballast.release() {
                true => self.known.set(upgrade, record),
                false => Err(first),
            };
            if let Err(failure) = again {
                // The lines are on the device and nobody is told so; the next opening finds them. To cut them off
                // could leave the list, of which something may have been written, ahead of the witness.
                self.broken = Some(failure.clone());
                return Err(failure);
            }
        }
        if let Some(entry) = self.entries.get_mut().get_mut(&upgrade) {
            entry.tip = record.tip;
        }
        if self.ballast.is_there() {
            self.mirror.append(upgrade, lines);
        } else {
            // What is left of the space belongs to the witness; sled takes half a megabyte at a time.
            self.mirror.hold(upgrade, record.tip);
        }
        Ok(())
    }

    /// Appends to the witness; gives up the reserve when the disk is full. The witness's length then.
    fn write_witness(&mut self, upgrade: UpgradeId, text: &[u8]) -> Result<u64, Failure> {
        let path = witness::path(&self.dir, upgrade);
        let failed = |error| unwritable("the journal cannot be written", &path, error);
        let bytes = self.known.get(upgrade).map_or(0, |record| record.bytes);
        let Some(entry) = self.entries.get_mut().get_mut(&upgrade) else {
            return Err(chain::not_found(upgrade));
        };
        let writer = match &mut entry.writer {
            Some(writer) => writer,
            slot => slot.insert(Writer::open(&self.dir, upgrade, bytes).map_err(failed)?),
        };
        let mut result = writer.append(&*self.disk, text);
        if matches!(result, Err(AppendError::Full(_))) && self.ballast.release() {
            tracing::warn!("the disk is full; the journal gives up its reserve");
            result = writer.append(&*self.disk, text);
        }
        match result {
            Ok(()) => Ok(writer.bytes),
            Err(AppendError::Full(error)) => Err(failed(error)),
            Err(AppendError::Broken(error)) => {
                let failure = failed(error);
                self.broken = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

impl Journal for DiskJournal {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        let tip = self.prepare(upgrade)?;
        if tip.count != expected {
            return Err(chain::conflict(upgrade, expected, tip.count));
        }
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let sealed = Envelope::seal(upgrade, tip.count, tip.hash, stamp, events)?;
        let (envelopes, lines) = sealed.into_iter().unzip();
        self.write(upgrade, lines)?;
        Ok(envelopes)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        envelopes(&self.lines(upgrade)?)
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        Ok(self.every_upgrade().into_iter().collect())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.known.settle()?;
        self.ready()?;
        self.mirror.settle()?;
        for (upgrade, failure) in self.mirror.disputes() {
            let is_written = self.entries.get_mut().get(&upgrade).is_some_and(|entry| entry.writer.is_some());
            self.reconcile(upgrade)?;
            match self.damaged.get(&upgrade) {
                Some(damage) if is_written => return Err(damage.failure()),
                // Refused from now on, and no reason to stop what others do.
                Some(damage) => tracing::warn!(failure = %damage.failure(), "journal"),
                None if self.mirror.dispute(upgrade).is_some() => return Err(failure),
                None => {}
            }
        }
        self.mirror.settle()?;
        self.mirror.disputes().into_values().next().map_or(Ok(()), Err)
    }

    fn ready(&mut self) -> Result<(), Failure> {
        let path = self.dir.join("ballast");
        self.ballast.restore(&*self.disk).map_err(|error| {
            unwritable("the disk is full; what runs can end, and nothing new may begin", &path, error).ask()
        })
    }
}

impl Lines for DiskJournal {
    fn lines(&self, upgrade: UpgradeId) -> Result<Vec<Line>, Failure> {
        if let Some(damage) = self.damaged.get(&upgrade) {
            return Err(damage.failure());
        }
        let record = self.known.get(upgrade).ok_or_else(|| chain::not_found(upgrade))?;
        // Copies that contradict each other are compared here and now; the next append mends them.
        match self.verified(upgrade, record)? {
            Some(lines) if self.mirror.dispute(upgrade).is_none() => Ok(lines),
            _ => self.merged(upgrade, record),
        }
    }

    fn adopt(&mut self, upgrade: UpgradeId, lines: &[Line]) -> Result<Adopted, Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        if let Some(damage) = self.damaged.get(&upgrade).cloned() {
            return self.restore(upgrade, &damage, lines);
        }
        let present = match self.known.get(upgrade) {
            Some(_) => {
                if let Err(failure) = self.prepare(upgrade) {
                    // The damage may only have been found just now.
                    let damage = self.damaged.get(&upgrade).cloned().ok_or(failure)?;
                    return self.restore(upgrade, &damage, lines);
                }
                self.lines(upgrade)?
            }
            None => Vec::new(),
        };
        let adopted = Adopted::compare(upgrade, &present, lines)?;
        if adopted != Adopted::Already {
            self.prepare(upgrade)?;
            self.write(upgrade, lines.get(present.len()..).unwrap_or_default().to_vec())?;
        }
        Ok(adopted)
    }
}
