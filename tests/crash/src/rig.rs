//! One server, one journal that survives, and as many processes as it takes.

use crate::Person;
use futures::executor::block_on;
use mailsec_core::{
    Failure,
    engine::{Engine, Loaded, NoWatcher, Stop, begin, load},
    host::Host,
    journal::{Journal, MemoryJournal, Stamp},
    plan::{Plan, UnscannedPolicy, lint},
    product::{
        AccountChoice, BackupChoice, Finding, InstallerChoice, MailSecurityProduct, RulesChoice, Severity,
        UpgradeRequest,
    },
    upgrade::{Event, Finish},
    values::{Secret, SecretRef, ServerPath, UpgradeId},
};
use mailsec_simulator::{
    PoweredJournal, SimHost, World,
    world::act::{ACCOUNT_PROPERTY, PASSWORD_PROPERTY},
    worlds::{installers::RIGHT, vipre as lab},
};
use mailsec_vipre::{SERVICE_PASSWORD, Vipre};

/// Version of the program in these tests.
const VERSION: &str = "0.1.0";
/// Processes after which a test gives up: far more than any run needs.
const PROCESSES: usize = 60;

/// The usual request: silent, nothing left to a person.
#[must_use]
pub fn request() -> UpgradeRequest {
    UpgradeRequest {
        installer: ServerPath::new(RIGHT),
        digest: None,
        unsigned: None,
        mode: InstallerChoice::Silent {
            arguments: Vec::new(),
            credentials: Some((ACCOUNT_PROPERTY.to_owned(), PASSWORD_PROPERTY.to_owned())),
        },
        account: AccountChoice::Keep,
        backup: BackupChoice::To(ServerPath::new(r"C:\ProgramData\mailsec\backup")),
        rules: RulesChoice::Skip("this server has none".to_owned()),
        unscanned: UnscannedPolicy::Hold,
        budget: None,
        logs: ServerPath::new(r"C:\ProgramData\mailsec\logs"),
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is over.
    Finished(Finish),
    /// A gate waits that the person does not answer.
    Waiting(String),
    /// Paused.
    Paused,
    /// It did not come to an end.
    NoEnd,
}

/// A server under test.
pub struct Rig {
    /// The server.
    pub host: SimHost,
    /// What survives the power.
    pub journal: MemoryJournal,
    /// The upgrade.
    pub upgrade: UpgradeId,
    /// The plan.
    pub plan: Plan,
    /// What was noticed.
    pub findings: Vec<Finding>,
    /// Processes that it took.
    pub processes: usize,
    /// Whether a crash takes the machine down, or only the process.
    pub machine_crash: bool,
}

fn secrets() -> std::collections::BTreeMap<SecretRef, Secret> {
    [(SecretRef::new(SERVICE_PASSWORD), Secret::new(lab::PASSWORD))].into()
}

impl Rig {
    /// Surveys a world and plans.
    ///
    /// # Errors
    /// The findings that forbid it, or why there is no plan.
    pub fn plan(world: World, request: &UpgradeRequest) -> Result<Self, Vec<Finding>> {
        Self::plan_with(world, request, secrets())
    }

    /// As [`Rig::plan`], with other secrets.
    ///
    /// # Errors
    /// As [`Rig::plan`].
    pub fn plan_with(
        world: World,
        request: &UpgradeRequest,
        secrets: std::collections::BTreeMap<SecretRef, Secret>,
    ) -> Result<Self, Vec<Finding>> {
        let host = SimHost::in_memory(world).with_secrets(secrets);
        let blocked = |failure: Failure| vec![Finding::blocker(failure)];
        let facts = block_on(Vipre.gather(&host, request)).map_err(blocked)?;
        let installation = Vipre.detect(&facts).map_err(blocked)?.ok_or_else(Vec::new)?;
        let findings = Vipre.assess(&installation, &facts, request);
        if findings.iter().any(|finding| finding.severity == Severity::Blocker) {
            return Err(findings);
        }
        let made = host.clock().now();
        let plan = Vipre.plan(&installation, &facts, request, made, VERSION).map_err(blocked)?;
        let broken = lint(&plan);
        assert!(broken.is_empty(), "the plan breaks the lint: {broken:?}");
        let mut journal = MemoryJournal::new();
        let upgrade = UpgradeId::from_u128(1);
        let boot = block_on(host.power().boot()).map_err(blocked)?;
        let stamp = Stamp { at: made, boot, engine: VERSION.to_owned() };
        begin(&mut journal, upgrade, &plan, plan.hash(), &stamp).map_err(blocked)?;
        Ok(Self { host, journal, upgrade, plan, findings, processes: 0, machine_crash: true })
    }

    /// One process: runs until it ends, waits, or loses its power.
    ///
    /// # Errors
    /// Why the process ended early.
    pub fn process(&mut self, person: &Person) -> Result<Stop, Failure> {
        self.processes += 1;
        let mut journal = PoweredJournal::new(std::mem::take(&mut self.journal), self.host.sim_power());
        let result = block_on(async {
            let mut watcher = NoWatcher;
            let mut engine = Engine::open(
                &self.host,
                &mut journal,
                self.upgrade,
                None,
                person,
                &mut watcher,
                (VERSION, "Ada"),
            )
            .await?;
            engine.run().await
        });
        self.journal = journal.into_inner();
        result
    }

    /// Starts processes, and boots the server, until it is over or waits for a person.
    pub fn run(&mut self, person: &Person) -> End {
        while self.processes < PROCESSES {
            match self.process(person) {
                Ok(Stop::Finished(how)) => return End::Finished(how),
                Ok(Stop::GateOpen(gate)) => return End::Waiting(gate.to_string()),
                Ok(Stop::Paused) => return End::Paused,
                Ok(Stop::RestartPending) => {}
                Err(_) if self.host.is_off() => self.power_on(),
                Err(failure) => panic!("the process ended with its power on: {failure:?}"),
            }
        }
        End::NoEnd
    }

    fn power_on(&self) {
        let done = if self.machine_crash { self.host.boot() } else { self.host.restart_process() };
        assert!(done.is_ok(), "a world in memory can always be changed");
    }

    /// The upgrade as the journal has it.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        load(&self.journal.read(self.upgrade).unwrap_or_default())
    }

    /// The events.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let envelopes = self.journal.read(self.upgrade).unwrap_or_default();
        envelopes.into_iter().filter_map(|envelope| envelope.event.known().cloned()).collect()
    }
}
