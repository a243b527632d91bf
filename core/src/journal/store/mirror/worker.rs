//! The mirror's thread.

use super::{Command, Findings};
use crate::{
    failure::{Code, Failure},
    journal::{
        Tip,
        store::{disk::Disk, quarantine::Quarantine, sled_copy::SledCopy},
    },
    values::UpgradeId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

/// How long the thread waits for more before it flushes, and how much it takes at most.
const LINGER: Duration = Duration::from_millis(20);
const MOST_UNFLUSHED: u32 = 64;

pub(super) struct Worker {
    pub(super) dir: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) quarantine: Quarantine,
    pub(super) findings: Arc<Findings>,
    pub(super) copy: Result<SledCopy, Failure>,
    /// How far each upgrade's witness is known to reach; what catching up takes from it.
    pub(super) tips: BTreeMap<UpgradeId, Tip>,
    unflushed: bool,
    /// Whether it is behind for want of space.
    held: bool,
    /// Upgrades that were written to since sled was last opened again and had everything.
    pub(super) unproven: BTreeSet<UpgradeId>,
    /// Whether sled was opened again at all since the store was opened.
    pub(super) was_tried: bool,
    /// Whether sled did not have what it was given, and could not be given up yet.
    pub(super) forgets: bool,
}

impl Worker {
    pub(super) fn new(dir: PathBuf, disk: Arc<dyn Disk>, findings: Arc<Findings>) -> Self {
        let quarantine = Quarantine::of(&dir, Arc::clone(&disk));
        Self {
            dir,
            disk,
            quarantine,
            findings,
            copy: Err(closed()),
            tips: BTreeMap::new(),
            unflushed: false,
            held: false,
            unproven: BTreeSet::new(),
            was_tried: false,
            forgets: false,
        }
    }

    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        self.copy = self.open();
        while let Ok(command) = commands.recv() {
            self.carry_out(command);
            // One flush for all that comes close together: each competes with the witness's for the device.
            for _ in 0..MOST_UNFLUSHED {
                let Ok(command) = commands.recv_timeout(LINGER) else { break };
                self.carry_out(command);
            }
            self.flush();
            // What befell the files while nobody had them open shows at the first lines; later ones wait for the
            // settling.
            if !self.was_tried && !self.held && !self.unproven.is_empty() && self.copy.is_ok() {
                self.prove_or_reopen();
            }
        }
    }

    fn open(&self) -> Result<SledCopy, Failure> {
        SledCopy::open(&self.dir, Arc::clone(&self.disk), &self.quarantine, &mut |repair| {
            self.findings.repaired(repair);
        })
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Begin(tips) => {
                self.tips = tips;
                self.catch_up_all();
            }
            Command::Append(upgrade, lines) => {
                self.tips.insert(upgrade, Tip::of(&lines));
                if !self.held {
                    self.write(upgrade, |copy| copy.append(upgrade, &lines));
                }
            }
            Command::Hold(upgrade, tip) => {
                self.tips.insert(upgrade, tip);
                self.held = true;
            }
            Command::Replace(upgrade, lines) => {
                self.tips.insert(upgrade, Tip::of(&lines));
                self.write(upgrade, |copy| copy.replace(upgrade, &lines));
            }
            Command::Reach(upgrade, tip) => drop(self.tips.insert(upgrade, tip)),
            Command::Leave(upgrade) => drop(self.tips.remove(&upgrade)),
            Command::Tips(reply) => {
                let _ = reply.send(self.open_copy().and_then(SledCopy::tips));
            }
            Command::Fetch(upgrade, reply) => {
                let _ = reply.send(self.open_copy().and_then(|copy| copy.fetch(upgrade)));
            }
            Command::Settle(reply) => {
                if std::mem::take(&mut self.held) {
                    self.catch_up_all();
                }
                self.prove_or_reopen();
                let _ = reply.send(self.settled());
            }
        }
    }

    /// The copy, when it is open.
    pub(super) fn open_copy(&self) -> Result<&SledCopy, Failure> {
        self.copy.as_ref().map_err(Clone::clone)
    }

    fn prove_or_reopen(&mut self) {
        self.prove();
        if self.copy.is_err() {
            // Once more from the beginning: room may have been made, and everything is in the witness.
            self.copy = self.open();
            self.catch_up_all();
            self.prove();
        }
    }

    fn settled(&self) -> Result<(), Failure> {
        // While the copies disagree the writer must compare them first; it asks again afterwards.
        if self.forgets && !self.findings.in_dispute() {
            return Err(forgetful());
        }
        self.open_copy().map(|_| ())
    }

    pub(super) fn flush(&mut self) {
        if !std::mem::take(&mut self.unflushed) {
            return;
        }
        self.on(SledCopy::flush);
    }

    /// Writes something of an upgrade.
    pub(super) fn write(&mut self, upgrade: UpgradeId, work: impl FnOnce(&SledCopy) -> Result<(), Failure>) {
        self.unflushed = true;
        self.unproven.insert(upgrade);
        self.on(work);
    }

    /// Does something with the copy; a failure closes it until the next settling.
    pub(super) fn on<T>(&mut self, work: impl FnOnce(&SledCopy) -> Result<T, Failure>) -> Option<T> {
        let result = work(self.copy.as_ref().ok()?);
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                tracing::warn!(%failure, "the journal's second copy failed");
                self.copy = Err(failure);
                None
            }
        }
    }
}

pub(super) fn closed() -> Failure {
    Failure::new(Code::JournalUnwritable, "the journal's second copy is closed")
}

pub(super) fn forgetful() -> Failure {
    Failure::new(Code::JournalUnwritable, "the journal's second copy does not keep what is written to it")
        .hint("check the device that holds the state folder, and open the journal again")
}
