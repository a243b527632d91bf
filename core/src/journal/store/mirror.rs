//! The mirror: sled in a thread of its own, fed behind the witness.
//!
//! Opening sled takes tens of milliseconds and its flush is as slow as the witness's; neither is waited for except
//! where somebody asks. One thread and blocking flushes: sled's asynchronous flush can hang for ever.

use super::{
    disk::Disk,
    quarantine::Quarantine,
    repair::Repair,
    sled_copy::{Fetched, SledCopy},
    witness,
};
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
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Upgrades whose lines are all compared when the mirror opens; of older ones only the tip is.
const COMPARED: usize = 3;

/// How long the thread waits for more before it flushes, and how much it takes at most.
const LINGER: Duration = Duration::from_millis(20);
const MOST_UNFLUSHED: u32 = 64;

enum Command {
    /// Compare with what the witness was known to hold, and catch up.
    Begin(BTreeMap<UpgradeId, Tip>),
    Append(UpgradeId, Vec<Line>),
    Replace(UpgradeId, Vec<Line>),
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
        let quarantine = Quarantine::of(&dir, Arc::clone(&disk));
        let worker = Worker {
            dir,
            disk,
            quarantine,
            findings: Arc::clone(&findings),
            tips: BTreeMap::new(),
            held: false,
        };
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
        self.send(Command::Append(upgrade, lines));
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

    /// Waits until everything handed over is on the device.
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

    /// Takes note that a contradiction was resolved.
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

struct Worker {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    quarantine: Quarantine,
    findings: Arc<Findings>,
    /// How far each upgrade's witness is known to reach; what catching up takes from it.
    tips: BTreeMap<UpgradeId, Tip>,
    /// Whether it is behind for want of space.
    held: bool,
}

impl Worker {
    fn run(mut self, commands: &Receiver<Command>) {
        let mut copy = self.open();
        let mut unflushed = false;
        while let Ok(command) = commands.recv() {
            self.carry_out(&mut copy, command, &mut unflushed);
            // One flush for all that comes close together: each competes with the witness's for the device.
            for _ in 0..MOST_UNFLUSHED {
                let Ok(command) = commands.recv_timeout(LINGER) else { break };
                self.carry_out(&mut copy, command, &mut unflushed);
            }
            Self::flush(&mut copy, &mut unflushed);
        }
    }

    fn open(&self) -> Result<SledCopy, Failure> {
        let findings = &self.findings;
        SledCopy::open(&self.dir, Arc::clone(&self.disk), &self.quarantine, &mut |repair| {
            findings.repaired(repair);
        })
    }

    fn carry_out(&mut self, copy: &mut Result<SledCopy, Failure>, command: Command, unflushed: &mut bool) {
        match command {
            Command::Begin(tips) => {
                self.tips = tips;
                *unflushed = true;
                let extended = self.catch_up_all(copy);
                if !extended.is_empty() {
                    self.prove(copy, &extended, unflushed);
                }
            }
            Command::Append(upgrade, lines) => {
                self.tips.insert(upgrade, Tip::of(&lines));
                *unflushed = true;
                if !self.held {
                    self.on(copy, |copy| copy.append(upgrade, &lines));
                }
            }
            Command::Hold(upgrade, tip) => {
                self.tips.insert(upgrade, tip);
                self.held = true;
            }
            Command::Replace(upgrade, lines) => {
                self.tips.insert(upgrade, Tip::of(&lines));
                *unflushed = true;
                self.on(copy, |copy| copy.replace(upgrade, &lines));
            }
            Command::Tips(reply) => {
                let _ = reply.send(copy.as_ref().map_err(Clone::clone).and_then(SledCopy::tips));
            }
            Command::Fetch(upgrade, reply) => {
                let fetched = copy.as_ref().map_err(Clone::clone).and_then(|copy| copy.fetch(upgrade));
                let _ = reply.send(fetched);
            }
            Command::Settle(reply) => {
                if std::mem::take(&mut self.held) {
                    self.catch_up_all(copy);
                    *unflushed = true;
                }
                Self::flush(copy, unflushed);
                if copy.is_err() {
                    // Once more from the beginning: room may have been made, and everything is in the witness.
                    *copy = self.open();
                    self.catch_up_all(copy);
                    *unflushed = true;
                    Self::flush(copy, unflushed);
                }
                let result = copy.as_ref().map(|_| ()).map_err(Clone::clone);
                let _ = reply.send(result);
            }
        }
    }

    fn flush(copy: &mut Result<SledCopy, Failure>, unflushed: &mut bool) {
        if !std::mem::take(unflushed) {
            return;
        }
        let failed = copy.as_ref().ok().and_then(|copy| copy.flush().err());
        if let Some(failure) = failed {
            tracing::warn!(%failure, "the journal's second copy failed");
            *copy = Err(failure);
        }
    }

    /// Does something with the copy; a failure closes it until the next settling.
    fn on(&self, copy: &mut Result<SledCopy, Failure>, work: impl FnOnce(&SledCopy) -> Result<(), Failure>) {
        if let Ok(open) = copy
            && let Err(failure) = work(open)
        {
            tracing::warn!(%failure, "the journal's second copy failed");
            *copy = Err(failure);
        }
    }

    /// Brings every upgrade up to date; those of which something was missing.
    fn catch_up_all(&self, copy: &mut Result<SledCopy, Failure>) -> Vec<UpgradeId> {
        let old = self.tips.len().saturating_sub(COMPARED);
        let mut extended = Vec::new();
        for (place, (upgrade, tip)) in self.tips.iter().enumerate() {
            self.on(copy, |copy| {
                if self.catch_up(copy, *upgrade, *tip, place >= old)? {
                    extended.push(*upgrade);
                }
                Ok(())
            });
        }
        extended
    }

    /// What was added must be there when sled is opened again: a log whose beginning is damaged opens without what it
    /// had, takes what it is given, and forgets that as well. Such a one is begun anew.
    fn prove(&self, copy: &mut Result<SledCopy, Failure>, added: &[UpgradeId], unflushed: &mut bool) {
        Self::flush(copy, unflushed);
        if copy.is_err() {
            return;
        }
        let closed = Failure::new(Code::JournalUnwritable, "the journal's second copy is closed");
        *copy = Err(closed.clone());
        *copy = self.open();
        let kept = |open: &SledCopy| {
            added.iter().all(|upgrade| open.tip(*upgrade).ok().flatten() == self.tips.get(upgrade).copied())
        };
        // Where the copies disagree, this one may be the good one, and is not given up here.
        let disputed = self.findings.any_dispute.load(Ordering::Acquire);
        if disputed || copy.as_ref().map_or(true, kept) {
            return;
        }
        *copy = Err(closed);
        let why = "it does not keep what is written to it";
        *copy = SledCopy::begin_anew(&self.dir, &self.disk, &self.quarantine, why, &mut |repair| {
            self.findings.repaired(repair);
        });
        self.catch_up_all(copy);
        *unflushed = true;
    }

    /// Brings sled's copy of an upgrade to where the witness was known to be; whether something was missing.
    fn catch_up(
        &self,
        copy: &SledCopy,
        upgrade: UpgradeId,
        acknowledged: Tip,
        compare: bool,
    ) -> Result<bool, Failure> {
        if !compare && copy.tip(upgrade)? == Some(acknowledged) {
            return Ok(false);
        }
        let fetched = copy.fetch(upgrade)?;
        let mut lines = witness::load(&self.dir, upgrade)
            .map_err(|error| Failure::new(Code::JournalUnwritable, "a witness cannot be read").cause(error))?
            .lines;
        // Only what was acknowledged: the writer may be in the middle of an append.
        lines.truncate(usize::try_from(acknowledged.count).unwrap_or(usize::MAX));
        let differs = fetched.lines.iter().any(|(seq, line)| {
            usize::try_from(*seq)
                .ok()
                .and_then(|seq| lines.get(seq))
                .is_none_or(|ours| ours.hash() != line.hash())
        });
        if Tip::of(&lines) != acknowledged || differs || fetched.promised() > acknowledged.count {
            // Who is right takes both copies and the writer; here only the question is noted.
            let known = fetched.promised();
            let failure = Failure::new(
                Code::JournalDamaged,
                format!("the two copies of the journal of upgrade {upgrade} do not agree"),
            )
            .expected(format!("{} envelopes, as were acknowledged", acknowledged.count))
            .found(format!("{} good ones in the witness, {known} in the second copy", lines.len()))
            .hint("open the journal again; opening compares the copies line by line and mends what can be");
            self.findings.dispute(upgrade, failure);
            return Ok(false);
        }
        if fetched.is(&lines) {
            return Ok(false);
        }
        let beginning = lines.get(..fetched.lines.len()).unwrap_or_default();
        if fetched.is(beginning) {
            let from = fetched.lines.len() as u64;
            copy.append(upgrade, &lines)?;
            self.findings.repaired(Repair::MirrorExtended { upgrade, from, to: acknowledged.count });
        } else {
            copy.replace(upgrade, &lines)?;
            self.findings.repaired(Repair::MirrorRewritten { upgrade, envelopes: acknowledged.count });
        }
        Ok(true)
    }
}
