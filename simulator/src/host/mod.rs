//! A world behind the ports.

mod directory;
mod files;
mod mail;
mod packages;
mod power;
mod services;
mod small;
mod transport;

pub use power::SimPower;

use crate::{
    fate::{Decision, Effect, Fate, Pacer},
    faults::{Fault, Hang},
    folder::Store,
    tape::{Calm, Tape},
    world::World,
};
use mailsec_core::{
    Code, Failure,
    host::{
        Answer, Clock, Directory, Files, Host, Mail, Packages, Pickup, Power, Processes, Registry, Secrets,
        Services, Transport,
    },
    values::{Secret, SecretRef},
};
use std::{
    collections::BTreeMap,
    fmt,
    future::pending,
    path::Path,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

/// What a read costs in virtual time.
pub(crate) const READ: Duration = Duration::from_millis(1);

pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) fate: Fate,
    calls: u64,
    /// A call was made that does not come back.
    hangs: bool,
}

/// A simulated server behind the ports. Clones share it. Every future is ready at once, or hangs for ever.
#[derive(Clone)]
pub struct SimHost {
    shared: Arc<Mutex<Shared>>,
    secrets: Arc<BTreeMap<SecretRef, Secret>>,
    clock: Arc<AtomicI64>,
    name: Arc<str>,
}

impl fmt::Debug for SimHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimHost").finish_non_exhaustive()
    }
}

/// Wraps a change between its two crash points.
macro_rules! effect {
    ($host:expr, $name:literal, $act:expr) => {
        $host.effect([concat!($name, ": before"), concat!($name, ": after")], $act).await
    };
}
pub(crate) use effect;

/// A change that a fault makes fail; trying again does not mend it.
fn struck(change: &str) -> Failure {
    let what = change.split(':').next().unwrap_or(change);
    Failure::new(Code::System, format!("{what} failed, as it was made to"))
}

impl SimHost {
    /// A server in memory, where everything goes well.
    #[must_use]
    pub fn in_memory(world: World) -> Self {
        Self::with_fate(world, Fate::new(Calm))
    }

    fn with_fate(world: World, fate: Fate) -> Self {
        let (clock, name) = (Arc::clone(&fate.clock), world.server.as_str().into());
        clock.store(world.now.millis(), Ordering::Relaxed);
        Self {
            shared: Arc::new(Mutex::new(Shared { world, fate, calls: 0, hangs: false })),
            secrets: Arc::default(),
            clock,
            name,
        }
    }

    /// Keeps a new world in a folder.
    ///
    /// # Errors
    /// [`Code::World`].
    pub fn create(folder: &Path, world: World) -> Answer<Self> {
        let store = Store::open(folder)?;
        store.save(&world)?;
        Ok(Self::with_fate(world, store.into_fate()))
    }

    /// Takes a world from its folder. A server that went down meanwhile, or was asked to restart, has come up again.
    ///
    /// # Errors
    /// [`Code::World`].
    pub fn open(folder: &Path) -> Answer<Self> {
        let store = Store::open(folder)?;
        let mut world = store.load()?;
        if !world.powered {
            world.restart_process();
            store.save(&world)?;
        } else if world.restart_requested.is_some() {
            world.boot();
            store.save(&world)?;
        }
        Ok(Self::with_fate(world, store.into_fate()))
    }

    /// With another tape.
    #[must_use]
    pub fn with_tape(self, tape: impl Tape + 'static) -> Self {
        self.set_tape(tape);
        self
    }

    /// With these secrets behind the secrets port.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl Into<Arc<BTreeMap<SecretRef, Secret>>>) -> Self {
        self.secrets = secrets.into();
        self
    }

    /// With somebody who waits while virtual time passes.
    #[must_use]
    pub fn with_pacer(self, pacer: Pacer) -> Self {
        self.lock().fate.pacer = Some(pacer);
        self
    }

    /// Puts another tape in; the record begins anew.
    pub fn set_tape(&self, tape: impl Tape + 'static) {
        self.lock().fate.set_tape(Box::new(tape));
    }

    /// No more trouble from here on; the record goes on.
    pub fn calm_down(&self) {
        self.lock().fate.calm_down();
    }

    /// What may go wrong at any crash point, where the tape says so.
    pub fn set_troubles(&self, troubles: Vec<Fault>) {
        self.lock().fate.troubles = troubles;
    }

    /// Asks the tape, for what is undetermined outside the server: what a person answers, what a crash takes down.
    #[must_use]
    pub fn choose(&self, label: &'static str, n: usize) -> usize {
        self.lock().fate.choose(label, n)
    }

    /// From now on reads are counted, and the one of this number (from 0) is not answered.
    pub fn leave_unanswered(&self, nth: Option<u64>) {
        self.lock().fate.leave_unanswered(nth);
    }

    /// Reads since they are counted.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.lock().fate.reads()
    }

    /// A handle for what shares the server's power without being one of its ports, such as the journal.
    #[must_use]
    pub fn sim_power(&self) -> SimPower {
        SimPower::new(Arc::clone(&self.shared))
    }

    /// A copy of the world as it is.
    #[must_use]
    pub fn world(&self) -> World {
        self.lock().world.clone()
    }

    /// Looks at the world without copying it, and without time passing.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock().world)
    }

    /// Changes the world behind the ports: what people, faults and other programs do.
    ///
    /// # Errors
    /// [`Code::World`] when its folder cannot be written.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> Answer<T> {
        let shared = &mut *self.lock();
        let answer = change(&mut shared.world);
        self.clock.store(shared.world.now.millis(), Ordering::Relaxed);
        shared.fate.save(&shared.world)?;
        Ok(answer)
    }

    /// The machine comes up again, after a crash or in the middle of everything.
    ///
    /// # Errors
    /// As [`SimHost::change`].
    pub fn boot(&self) -> Answer<()> {
        self.change(World::boot)
    }

    /// The process that runs the upgrade begins anew; the machine ran on, unless it went down by itself.
    ///
    /// # Errors
    /// As [`SimHost::change`].
    pub fn restart_process(&self) -> Answer<()> {
        self.change(World::restart_process)
    }

    /// Whether the power is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        !self.lock().world.powered
    }

    /// The labels of all crash points that were passed, in order.
    #[must_use]
    pub fn points(&self) -> Vec<&'static str> {
        let shared = self.lock();
        shared.fate.decisions().iter().filter(|decision| decision.point).map(|d| d.label).collect()
    }

    /// Everything that the tape decided, in order.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        self.lock().fate.decisions().to_vec()
    }

    /// What was done to the server, in order, by the record since the tape was put in.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.lock().fate.effects().to_vec()
    }

    /// How often the server was called by its ports, the clock left out.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Runs a process of the program to its end; `None` when it hangs in a call that nothing bounds, and so has no end.
    pub fn drive<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let end = pin!(process).poll(&mut Context::from_waker(Waker::noop()));
        _ = self.stops_hanging();
        match end {
            Poll::Ready(end) => Some(end),
            Poll::Pending => None,
        }
    }

    /// Whether a call hangs; it is given up.
    fn stops_hanging(&self) -> bool {
        std::mem::take(&mut self.lock().hangs)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(&self, act: impl FnOnce(&mut World, &mut Fate) -> Answer<T>) -> Answer<T> {
        let shared = &mut *self.lock();
        shared.calls += 1;
        shared.world.powered()?;
        let slow = std::mem::take(&mut shared.world.faults.slow_ms);
        if slow > 0 {
            shared.world.advance(&mut shared.fate, Duration::from_millis(slow))?;
        }
        act(&mut shared.world, &mut shared.fate)
    }

    pub(crate) async fn read<T>(&self, look: impl FnOnce(&mut World) -> Answer<T>) -> Answer<T> {
        let answer = self.run(|world, fate| {
            fate.read()?;
            if world.faults.hangs(Hang::Look) {
                return Ok(None);
            }
            world.advance(fate, READ)?;
            look(world).map(Some)
        });
        self.come_back(answer).await
    }

    pub(crate) async fn effect<T>(
        &self,
        labels: [&'static str; 2],
        act: impl FnOnce(&mut World, &mut Fate) -> Answer<T>,
    ) -> Answer<T> {
        let answer = self.run(|world, fate| {
            if world.faults.hangs(Hang::Change) {
                return Ok(None);
            }
            let answer = change(world, fate, labels, act)?;
            Ok((!world.faults.hangs(Hang::ChangeDone)).then_some(answer))
        });
        self.come_back(answer).await
    }

    /// The answer; where there is none, there never is one.
    async fn come_back<T>(&self, answer: Answer<Option<T>>) -> Answer<T> {
        match answer {
            Ok(Some(answer)) => Ok(answer),
            Err(failure) => Err(failure),
            Ok(None) => {
                self.lock().hangs = true;
                pending().await
            }
        }
    }
}

fn change<T>(
    world: &mut World,
    fate: &mut Fate,
    [before, after]: [&'static str; 2],
    act: impl FnOnce(&mut World, &mut Fate) -> Answer<T>,
) -> Answer<T> {
    fate.point(world, before)?;
    let strikes = world.faults.strike();
    let mut answer = match strikes.filter(|fails| !fails.done) {
        Some(_) => Err(struck(before)),
        None => world.advance(fate, READ).and_then(|()| act(world, fate)),
    };
    if strikes.is_some_and(|fails| fails.done) && world.powered {
        answer = answer.and(Err(struck(before)));
    }
    if world.powered {
        fate.save(world)?;
        fate.point(world, after)?;
    }
    answer
}

impl Host for SimHost {
    fn name(&self) -> String {
        self.name.to_string()
    }
    fn services(&self) -> &dyn Services {
        self
    }
    fn transport(&self) -> &dyn Transport {
        self
    }
    fn packages(&self) -> &dyn Packages {
        self
    }
    fn files(&self) -> &dyn Files {
        self
    }
    fn registry(&self) -> &dyn Registry {
        self
    }
    fn directory(&self) -> &dyn Directory {
        self
    }
    fn power(&self) -> &dyn Power {
        self
    }
    fn mail(&self) -> &dyn Mail {
        self
    }
    fn pickup(&self) -> &dyn Pickup {
        self
    }
    fn processes(&self) -> &dyn Processes {
        self
    }
    fn secrets(&self) -> &dyn Secrets {
        self
    }
    fn clock(&self) -> &dyn Clock {
        self
    }
}
