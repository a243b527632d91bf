//! One run of one plan: one server, one journal that survives, and as many processes as it takes.

use super::{Crash, Kept, Medium};
use crate::{
    SimHost, World,
    people::{Deed, Person, Secrets},
};
use futures::executor::block_on;
use mailsec_core::{
    Code, Failure,
    engine::{Engine, Loaded, Stop, Watcher, begin, load},
    host::Host,
    journal::{Envelope, Journal, Stamp},
    plan::{Plan, Step, lint},
    planted::{Bug, awake},
    product::{Finding, MailSecurityProduct, Severity, UpgradeRequest},
    upgrade::{Event, Finish, State},
    values::UpgradeId,
};
use std::sync::Arc;

/// Processes after which a test gives up: far more than any run needs.
const PROCESSES: usize = 80;

/// The version of the program that plans.
pub const VERSION: &str = "0.1.0";

/// The products, of which one is installed.
pub type Products = [&'static dyn MailSecurityProduct];

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is over.
    Finished(Finish),
    /// A gate waits that the person does not answer.
    Waiting(String),
    /// Paused.
    Paused,
    /// A process ended early, with its power on.
    Failed(Box<Failure>),
    /// It did not come to an end.
    NoEnd,
}

/// What a crash takes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// This, always.
    Down(Crash),
    /// What the tape says each time.
    AsTheTapeSays,
}

/// The label under which the tape is asked whether a second process wakes up late.
const SECOND: &str = "second process: wakes up late";

/// The label under which the tape is asked what a crash takes down: the machine (0), or the process.
pub const TAKES_DOWN: &str = "crash: takes down";

/// A server under test.
pub struct Trial {
    /// The server.
    pub host: SimHost,
    /// What survives the power.
    pub journal: Kept,
    /// The upgrade.
    pub upgrade: UpgradeId,
    /// The plan.
    pub plan: Arc<Plan>,
    /// What was noticed.
    pub findings: Arc<[Finding]>,
    /// Processes that it took.
    pub processes: usize,
    /// What a crash takes down.
    pub crash: Takes,
    /// The version of the program that runs.
    pub version: &'static str,
    /// Sequence numbers that the journal acknowledged.
    pub acknowledged: Vec<u64>,
    /// What a process did that was late and should have been fenced out.
    pub went_on: Option<String>,
    /// The process, counted from 1, that hung in a call that nothing bounds.
    pub hung: Option<usize>,
    /// The engine's own state when the last process ended.
    pub last: Option<State>,
    /// The product.
    pub product: &'static dyn MailSecurityProduct,
    /// The server when the plan was made.
    pub before: Arc<World>,
    /// The journal when the plan was in it, and nothing else.
    begun: Kept,
    secrets: Arc<Secrets>,
}

/// Somebody ends a process that does not end by itself.
pub(super) fn hung_for_ever() -> Failure {
    Failure::new(Code::TimeLimit, "the process hung, and was ended")
}

struct Notes<'a>(&'a mut Vec<u64>);

impl Watcher for Notes<'_> {
    fn recorded(&mut self, envelope: &Envelope, _state: &State) {
        self.0.push(envelope.seq);
    }
    fn running(&mut self, _step: &Step, _undo: bool) {}
}

impl Trial {
    /// Surveys a world and plans.
    ///
    /// # Errors
    /// The findings that forbid it, or why there is no plan.
    pub fn plan(
        products: &Products,
        world: World,
        request: &UpgradeRequest,
        secrets: Secrets,
    ) -> Result<Self, Vec<Finding>> {
        let secrets = Arc::new(secrets);
        let host = SimHost::in_memory(world).with_secrets(Arc::clone(&secrets));
        let blocked = |failure: Failure| vec![Finding::blocker(failure)];
        let mut found = None;
        for product in products {
            let facts = block_on(product.gather(&host, request)).map_err(blocked)?;
            let detected = product.detect(&facts).map_err(blocked)?;
            found = found.or(detected.map(|installation| (*product, facts, installation)));
        }
        let (product, facts, installation) = found.ok_or_else(Vec::new)?;
        product.accepts(request).map_err(blocked)?;
        let findings = product.assess(&installation, &facts, request);
        if findings.iter().any(|finding| finding.severity == Severity::Blocker) {
            return Err(findings);
        }
        let made = host.clock().now();
        let plan = product.plan(&installation, &facts, request, made, VERSION).map_err(blocked)?;
        Self::of(product, host, secrets, plan, findings.into()).map_err(blocked)
    }

    /// Of a plan that was made before, on this server.
    ///
    /// # Errors
    /// The first rule of plans that it breaks, or when it cannot be journaled.
    pub fn of_plan(
        product: &'static dyn MailSecurityProduct,
        world: World,
        secrets: Secrets,
        plan: Plan,
    ) -> Result<Self, Failure> {
        match lint(&plan).into_iter().next() {
            Some(broken) => Err(broken),
            None => {
                let secrets = Arc::new(secrets);
                let host = SimHost::in_memory(world).with_secrets(Arc::clone(&secrets));
                Self::of(product, host, secrets, plan, Arc::default())
            }
        }
    }

    fn of(
        product: &'static dyn MailSecurityProduct,
        host: SimHost,
        secrets: Arc<Secrets>,
        plan: Plan,
        findings: Arc<[Finding]>,
    ) -> Result<Self, Failure> {
        let version = VERSION;
        let broken = lint(&plan);
        assert!(broken.is_empty(), "the plan breaks the lint: {broken:?}");
        let before = Arc::new(host.world());
        let mut journal = Kept::default();
        let upgrade = UpgradeId::from_u128(1);
        let boot = block_on(host.power().boot())?;
        let stamp = Stamp { at: host.clock().now(), boot, engine: version.into() };
        begin(&mut journal, upgrade, &plan, plan.hash(), &stamp)?;
        Ok(Self {
            host,
            begun: journal.clone(),
            journal,
            upgrade,
            plan: Arc::new(plan),
            findings,
            processes: 0,
            crash: Takes::Down(Crash::Machine),
            version,
            acknowledged: Vec::new(),
            went_on: None,
            hung: None,
            last: None,
            product,
            before,
            secrets,
        })
    }

    /// The same server and journal, as they were when the plan was made, with every password that was given.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            host: SimHost::in_memory(World::clone(&self.before)).with_secrets(Arc::clone(&self.secrets)),
            journal: self.begun.clone(),
            begun: self.begun.clone(),
            plan: Arc::clone(&self.plan),
            findings: Arc::clone(&self.findings),
            acknowledged: Vec::new(),
            went_on: None,
            hung: None,
            last: None,
            processes: 0,
            before: Arc::clone(&self.before),
            secrets: Arc::clone(&self.secrets),
            ..*self
        }
    }

    /// Something happens to the server after the plan was made, and is not the upgrade's to take back.
    #[must_use]
    pub fn struck_by(mut self, change: impl FnOnce(&mut World)) -> Self {
        self.change(change);
        self.before = Arc::new(self.host.world());
        self
    }

    /// Somebody gives other passwords.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = Arc::new(secrets);
        self.host = self.host.with_secrets(Arc::clone(&self.secrets));
        self
    }

    /// With another journal, of an upgrade that has not begun.
    ///
    /// # Errors
    /// When the plan cannot be journaled.
    pub fn kept_on(mut self, medium: Medium) -> Result<Self, Failure> {
        let mut journal = Kept::on(medium);
        for envelope in self.begun.read(self.upgrade)? {
            let Envelope { seq, at, boot, engine, event, .. } = envelope;
            journal.append(
                self.upgrade,
                seq,
                &Stamp { at, boot, engine },
                event.known().map_or(&[], std::slice::from_ref),
            )?;
        }
        self.begun = journal.clone();
        self.journal = journal;
        Ok(self)
    }

    /// The same server with a changed plan.
    ///
    /// # Errors
    /// When it cannot be journaled.
    pub fn with_plan(self, change: impl FnOnce(&mut Plan)) -> Result<Self, Failure> {
        let mut plan = Arc::unwrap_or_clone(self.plan);
        change(&mut plan);
        Self::of(self.product, self.host, self.secrets, plan, self.findings)
    }

    /// One process: runs until it ends, waits, or loses its power.
    ///
    /// # Errors
    /// Why the process ended early.
    pub fn process(&mut self, person: &Person) -> Result<Stop, Failure> {
        let mut journal = std::mem::take(&mut self.journal).open(self.host.sim_power());
        let result = self.process_with(person, &mut journal);
        self.journal = journal.close();
        result
    }

    /// As [`Trial::process`], with another journal.
    ///
    /// # Errors
    /// Why the process ended early.
    pub fn process_with(&mut self, person: &Person, journal: &mut dyn Journal) -> Result<Stop, Failure> {
        self.processes += 1;
        let mut watcher = Notes(&mut self.acknowledged);
        let (host, upgrade, version) = (&self.host, self.upgrade, self.version);
        let vendor = self.product.vendor();
        let ended = host.drive(async {
            let by = (version, "Ada");
            match Engine::open(host, journal, upgrade, vendor, person, &mut watcher, by).await {
                Ok(mut engine) => (engine.run().await, Some(engine.into_state())),
                Err(failure) => (Err(failure), None),
            }
        });
        let (result, last) = ended.unwrap_or_else(|| {
            self.hung.get_or_insert(self.processes);
            (Err(hung_for_ever()), None)
        });
        self.last = last;
        result
    }

    /// Starts processes, and boots the server, until it is over or waits for a person.
    pub fn run(&mut self, person: &Person) -> End {
        self.run_within(PROCESSES, person)
    }

    /// As [`Trial::run`], with so many processes at most.
    pub fn run_within(&mut self, processes: usize, person: &Person) -> End {
        let until = self.processes + processes;
        while self.processes < until {
            let by_two = self.crash == Takes::AsTheTapeSays && self.host.choose(SECOND, 2) == 1;
            match if by_two { self.two_processes(person) } else { self.process(person) } {
                Ok(Stop::Finished(how)) => return End::Finished(how),
                Ok(Stop::GateOpen(gate)) => return End::Waiting(gate.to_string()),
                Ok(Stop::Paused) => return End::Paused,
                Ok(Stop::RestartPending) => {}
                Err(_) if self.host.is_off() => self.power_on(),
                // It gave up a call that hangs, and leaves the rest to the next one.
                Err(failure) if failure.code == Code::TimeLimit => self.next_process(),
                Err(failure) => return End::Failed(Box::new(failure)),
            }
        }
        End::NoEnd
    }

    /// How often the program listens, in a whole run in which nobody asks for anything.
    #[must_use]
    pub fn turns(mut self, deed: Deed) -> usize {
        let person = Person::new(&self.host, deed);
        self.run(&person);
        person.turns()
    }

    /// The machine boots, or the process begins anew.
    pub fn power_on(&mut self) {
        let crash = match self.crash {
            Takes::Down(crash) => crash,
            Takes::AsTheTapeSays if self.host.choose(TAKES_DOWN, 2) == 0 => Crash::Machine,
            Takes::AsTheTapeSays => Crash::Process,
        };
        if crash == Crash::Machine
            && awake(Bug::AcknowledgedUnflushed)
            && let Kept::Memory(journal) = &mut self.journal
        {
            journal.keep_first(self.upgrade, journal.count(self.upgrade).saturating_sub(1).max(1));
        }
        match crash {
            Crash::Machine => self.change(World::boot),
            Crash::Process => self.next_process(),
        }
    }

    /// The process begins anew; the server ran on.
    pub(crate) fn next_process(&self) {
        self.change(World::restart_process);
    }

    /// Somebody changes the server.
    ///
    /// # Panics
    /// Never: a world in memory can always be changed.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.host.change(change).unwrap_or_else(|failure| unreachable!("{failure}"))
    }

    /// The envelopes, as they are read back.
    #[must_use]
    pub fn envelopes(&self) -> Vec<Envelope> {
        self.journal.read(self.upgrade).unwrap_or_default()
    }

    /// The upgrade as the journal has it.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        load(&self.envelopes())
    }

    /// The events.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.envelopes().into_iter().filter_map(|envelope| envelope.event.known().cloned()).collect()
    }
}
