//! What happens to a run: its tape, its crash points, and the record of both.

use crate::{
    faults::Fault,
    folder::{Store, kill_own_process},
    tape::{Calm, Tape},
    world::World,
};
use mailsec_core::{Code, Failure, Permit, host::Answer, values::StepId};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Called with every piece of virtual time that passes, so that a demonstration can be slowed to human speed.
pub type Pacer = Box<dyn Fn(Duration) + Send + Sync>;

/// Reads are too many and too short to write the world down after each.
const WORTH_KEEPING: Duration = Duration::from_millis(100);

/// The label under which the tape is asked what goes wrong at a crash point.
pub const TROUBLE: &str = "trouble";

/// One thing that the tape decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where.
    pub label: &'static str,
    /// Out of how many.
    pub n: usize,
    /// What.
    pub value: usize,
    /// Whether it was a crash point.
    pub point: bool,
}

/// Something that was done to the server, or begun, by leave of an intent in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What, for example `install agent`.
    pub what: &'static str,
    /// On what.
    pub on: String,
    /// The step that did it.
    pub step: StepId,
    /// The number of the step's intent in the journal.
    pub seq: u64,
    /// Whether it was only begun, and goes on by itself.
    pub goes_on: bool,
    /// Lines of the event log that came before it.
    pub logged: usize,
}

impl Effect {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.what, self.on)
    }
}

/// The tape and the record of what it decided.
pub struct Fate {
    tape: Box<dyn Tape>,
    decisions: Vec<Decision>,
    effects: Vec<Effect>,
    /// What may go wrong at any crash point.
    pub(crate) troubles: Vec<Fault>,
    pub(crate) store: Option<Store>,
    pub(crate) pacer: Option<Pacer>,
    /// The virtual time in milliseconds since 1970, for those who must not wait while the world is in use.
    pub(crate) clock: Arc<AtomicI64>,
    reads: u64,
    unanswered: Option<u64>,
}

impl std::fmt::Debug for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fate").field("decisions", &self.decisions.len()).finish_non_exhaustive()
    }
}

impl Fate {
    /// A fate with its tape.
    #[must_use]
    pub fn new(tape: impl Tape + 'static) -> Self {
        Self {
            tape: Box::new(tape),
            decisions: Vec::new(),
            effects: Vec::new(),
            troubles: Vec::new(),
            store: None,
            pacer: None,
            clock: Arc::default(),
            reads: 0,
            unanswered: None,
        }
    }

    /// Nothing happens.
    #[must_use]
    pub fn calm() -> Self {
        Self::new(Calm)
    }

    /// Everything decided so far.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// What was done to the server, in order: what must not be done twice.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Something was done.
    pub(crate) fn done(&mut self, world: &World, permit: &Permit, what: &'static str, on: &str) {
        self.effects.push(Effect {
            what,
            on: on.to_owned(),
            step: permit.step().clone(),
            seq: permit.seq(),
            goes_on: false,
            logged: world.events.len(),
        });
    }

    /// Something was begun that goes on by itself.
    pub(crate) fn begun(&mut self, world: &World, permit: &Permit, what: &'static str, on: &str) {
        self.done(world, permit, what, on);
        if let Some(effect) = self.effects.last_mut() {
            effect.goes_on = true;
        }
    }

    /// Counts reads from here on; the one of this number, from 0, is not answered.
    pub(crate) fn leave_unanswered(&mut self, nth: Option<u64>) {
        (self.reads, self.unanswered) = (0, nth);
    }

    /// Reads since they are counted.
    pub(crate) fn reads(&self) -> u64 {
        self.reads
    }

    pub(crate) fn read(&mut self) -> Answer<()> {
        let here = self.reads;
        self.reads += 1;
        match self.unanswered {
            Some(nth) if nth == here => Err(Failure::new(Code::System, "the server does not answer")
                .hint("try again, or see what keeps it busy")),
            _ => Ok(()),
        }
    }

    pub(crate) fn set_tape(&mut self, tape: Box<dyn Tape>) {
        self.tape = tape;
        self.decisions.clear();
        self.effects.clear();
    }

    pub(crate) fn calm_down(&mut self) {
        self.tape = Box::new(Calm);
    }

    /// Time has passed. Whoever kills a slowed process while it waits finds the world as it was at that moment.
    pub(crate) fn passed(&mut self, world: &World, took: Duration) -> Answer<()> {
        self.clock.store(world.now.millis(), Ordering::Relaxed);
        if self.pacer.is_some() && took >= WORTH_KEEPING {
            self.save(world)?;
        }
        if let Some(pacer) = self.pacer.as_ref().filter(|_| !took.is_zero()) {
            pacer(took);
        }
        Ok(())
    }

    pub(crate) fn choose(&mut self, label: &'static str, n: usize) -> usize {
        let value = self.tape.choose(label, n).min(n.saturating_sub(1));
        self.decisions.push(Decision { label, n, value, point: false });
        value
    }

    /// A crash point: where the tape says so, the power goes off here.
    pub(crate) fn point(&mut self, world: &mut World, label: &'static str) -> Answer<()> {
        self.point_leaving(world, label, |_| Ok(()))
    }

    /// A crash point that leaves something behind: where the power is to go off, `last` still happens. A process that
    /// really dies here could not do it afterwards.
    pub(crate) fn point_leaving(
        &mut self,
        world: &mut World,
        label: &'static str,
        last: impl FnOnce(&mut Self) -> Answer<()>,
    ) -> Answer<()> {
        world.powered()?;
        self.strike(world);
        let crash = self.tape.crash(label);
        self.decisions.push(Decision { label, n: 2, value: usize::from(crash), point: true });
        if let Some(store) = &mut self.store {
            store.note(label)?;
        }
        if crash {
            last(self)?;
            if let Some(store) = &self.store {
                store.crash(world)?;
            }
            world.lose_power();
        }
        world.powered()
    }

    /// Something may go wrong that has nothing to do with what is being done.
    fn strike(&mut self, world: &mut World) {
        if self.troubles.is_empty() {
            return;
        }
        let pick = self.choose(TROUBLE, self.troubles.len() + 1);
        if let Some(fault) = pick.checked_sub(1).and_then(|pick| self.troubles.get(pick)) {
            fault.apply(world);
            self.clock.store(world.now.millis(), Ordering::Relaxed);
        }
    }

    /// Keeps the world, where it has a folder to be kept in. A world without power takes its process with it.
    pub(crate) fn save(&mut self, world: &World) -> Answer<()> {
        match &self.store {
            Some(store) => {
                store.save(world)?;
                if !world.powered {
                    kill_own_process();
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}
