//! The mirror: sled in a thread of its own, fed behind the witness.
//!
//! Opening sled takes tens of milliseconds and its flush is as slow as the witness's; neither is waited for except
//! where somebody asks. One thread and blocking flushes: sled's asynchronous flush can hang for ever.

mod catch_up;
mod proof;
mod worker;

use self::worker::Worker;
use super::{disk::Disk, repair::Repair, sled_copy::Fetched};
use crate::{
    failure::{Code, Failure},
    journal::{Line, Tip},
    values::UpgradeId,
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
};

enum Command {
    /// Compare with what the witness was known to hold, and catch up.
    Begin(BTreeMap<UpgradeId, Tip>),
    Append(UpgradeId, Vec<Line>),
    Replace(UpgradeId, Vec<Line>),
    /// The witness and this copy were found to be the same, to here.
    Reach(UpgradeId, Tip),
    /// Neither copy has all of it: stays as it is, and is not compared again.
    Leave(UpgradeId),
    /// The witness went on to here; leave it at that until the next settling.
    Hold(UpgradeId, Tip),
    Tips(Sender<Result<BTreeMap<UpgradeId, Tip>, Failure>>),
    Fetch(UpgradeId, Sender<Result<Fetched, Failure>>),
    Settle(Sender<Result<(), Failure>>),
}

/// What the thread finds out by itself.
#[derive(Debug, Default)]
struct Findings {
    repairs: Mutex<Vec<Repair>>,
    /// Upgrades of which the mirror has something that the witness does not.
    disputes: Mutex<BTreeMap<UpgradeId, Failure>>,
    any_dispute: AtomicBool,
}

impl Findings {
    fn repaired(&self, repair: Repair) {
        tracing::info!(%repair, "journal repaired");
        self.repairs.lock().unwrap_or_else(PoisonError::into_inner).push(repair);
    }

    fn dispute(&self, upgrade: UpgradeId, failure: Failure) {
        self.disputes.lock().unwrap_or_else(PoisonError::into_inner).insert(upgrade, failure);
        self.any_dispute.store(true, Ordering::Release);
    }

    fn in_dispute(&self) -> bool {
        !self.disputes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Mirror {
    commands: Option<Sender<Command>>,
    thread: Option<JoinHandle<()>>,
    findings: Arc<Findings>,
}

impl Mirror {
    /// Starts the thread, which opens sled at once.
    pub(super) fn start(dir: PathBuf, disk: Arc<dyn Disk>) -> Result<Self, Failure> {
        let (commands, received) = channel();
        let findings = Arc::new(Findings::default());
        let worker = Worker::new(dir, disk, Arc::clone(&findings));
        let thread = std::thread::Builder::new()
            .name("journal-mirror".to_owned())
            .spawn(move || worker.run(&received))
            .map_err(|error| {
                Failure::new(Code::JournalUnwritable, "the journal's thread cannot start").cause(error)
            })?;
        Ok(Self { commands: Some(commands), thread: Some(thread), findings })
    }

    fn send(&self, command: Command) {
        // A thread that is gone shows when somebody asks it.
        if let Some(commands) = &self.commands {
            let _ = commands.send(command);
        }
    }

    fn ask<T>(&self, command: impl FnOnce(Sender<Result<T, Failure>>) -> Command) -> Result<T, Failure> {
        let (reply, answer) = channel();
        self.send(command(reply));
        answer.recv().unwrap_or_else(|_| {
            Err(Failure::new(Code::JournalUnwritable, "the journal's second copy stopped"))
        })
    }

    /// Lets the thread compare with the list of upgrades.
    pub(super) fn begin(&self, tips: BTreeMap<UpgradeId, Tip>) {
        self.send(Command::Begin(tips));
    }

    /// Hands over lines that the witness has on the device.
    pub(super) fn append(&self, upgrade: UpgradeId, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.send(Command::Append(upgrade, lines));
        }
    }

    /// Tells how far an upgrade reaches of which nothing was missing here.
    pub(super) fn reach(&self, upgrade: UpgradeId, tip: Tip) {
        self.send(Command::Reach(upgrade, tip));
    }

    /// Tells that an upgrade is damaged in both copies.
    pub(super) fn leave(&self, upgrade: UpgradeId) {
        self.send(Command::Leave(upgrade));
        self.resolved(upgrade);
    }

    /// Tells how far the witness went while there is no space for a second copy.
    pub(super) fn hold(&self, upgrade: UpgradeId, tip: Tip) {
        self.send(Command::Hold(upgrade, tip));
    }

    /// Makes an upgrade's lines exactly these.
    pub(super) fn replace(&self, upgrade: UpgradeId, lines: Vec<Line>) {
        self.send(Command::Replace(upgrade, lines));
    }

    /// Waits for sled and for what was handed over, and asks for every tip.
    pub(super) fn tips(&self) -> Result<BTreeMap<UpgradeId, Tip>, Failure> {
        self.ask(Command::Tips)
    }

    /// Waits for sled and for what was handed over, and asks for all of one upgrade.
    pub(super) fn fetch(&self, upgrade: UpgradeId) -> Result<Fetched, Failure> {
        self.ask(|reply| Command::Fetch(upgrade, reply))
    }

    /// Waits until everything handed over is on the device, and was read from there again.
    pub(super) fn settle(&self) -> Result<(), Failure> {
        self.ask(Command::Settle)
    }

    /// What was put right so far.
    pub(super) fn repairs(&self) -> Vec<Repair> {
        self.findings.repairs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the mirror contradicts the witness about an upgrade.
    pub(super) fn dispute(&self, upgrade: UpgradeId) -> Option<Failure> {
        if !self.findings.any_dispute.load(Ordering::Acquire) {
            return None;
        }
        self.findings.disputes.lock().unwrap_or_else(PoisonError::into_inner).get(&upgrade).cloned()
    }

    /// Takes note that a contradiction was resolved, or will not be.
    pub(super) fn resolved(&self, upgrade: UpgradeId) {
        self.findings.disputes.lock().unwrap_or_else(PoisonError::into_inner).remove(&upgrade);
    }

    /// Upgrades about which the copies disagree.
    pub(super) fn disputes(&self) -> BTreeMap<UpgradeId, Failure> {
        self.findings.disputes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
