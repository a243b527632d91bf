//! Thirty steps without an effect.

use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    engine::{Engine, NoDesk, NoWatcher, Stop, begin},
    host::{Answer, Host},
    journal::{Journal, Stamp},
    operations::{Context, Vendor},
    plan::{
        Choices, Limits, MailBudget, Naming, Observation, Operation, Outcome, Phase, Plan, PlanFormat, Retry,
        Snapshot, Step, Undo, UnscannedPolicy, VendorTraits,
    },
    values::{Digest, StepId, UpgradeId, Version},
};
use mailsec_simulator::{SimHost, worlds};
use std::collections::BTreeMap;

/// Steps of the upgrade.
pub const STEPS: usize = 30;

/// Version of the program that writes the journal.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Does nothing; tells what it is called for.
pub struct Idle<F>(
    /// Called when a step's effect would begin, with its name.
    pub F,
);

#[async_trait]
impl<F: Fn(&str) + Send + Sync> Vendor for Idle<F> {
    async fn prepare(
        &self,
        _name: &str,
        _arguments: &BTreeMap<String, String>,
        _ctx: &Context<'_>,
    ) -> Answer<Option<Snapshot>> {
        Ok(None)
    }

    async fn observe(
        &self,
        _name: &str,
        _arguments: &BTreeMap<String, String>,
        _ctx: &Context<'_>,
    ) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(
        &self,
        _name: &str,
        _arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        _permit: &Permit,
    ) -> Answer<Outcome> {
        (self.0)(ctx.step.id.as_str());
        Ok(Outcome::changed("done"))
    }

    async fn undo(
        &self,
        _name: &str,
        _arguments: &BTreeMap<String, String>,
        _ctx: &Context<'_>,
        _permit: &Permit,
    ) -> Answer<Outcome> {
        Ok(Outcome::same("nothing to take back"))
    }
}

/// A server in memory, and a plan for it.
#[derive(Debug)]
pub struct Workload {
    host: SimHost,
    plan: Plan,
}

impl Workload {
    /// The plan is made.
    #[must_use]
    pub fn new() -> Self {
        let host = SimHost::in_memory(worlds::vipre_45());
        let plan = plan(&host);
        Self { host, plan }
    }

    /// The server.
    #[must_use]
    pub fn host(&self) -> &SimHost {
        &self.host
    }

    /// Journals the plan as a new upgrade.
    ///
    /// # Errors
    /// From the journal.
    pub fn begin(&self, journal: &mut dyn Journal) -> Result<UpgradeId, Failure> {
        let upgrade = UpgradeId::new(uuid::Uuid::now_v7());
        let boot = futures::executor::block_on(self.host.power().boot())?;
        let stamp = Stamp { at: self.host.clock().now(), boot, engine: VERSION.into() };
        begin(journal, upgrade, &self.plan, self.plan.hash(), &stamp)?;
        Ok(upgrade)
    }

    /// Runs an upgrade, from wherever the journal has it, to its end.
    ///
    /// # Errors
    /// From the engine.
    pub fn run(
        &self,
        journal: &mut dyn Journal,
        upgrade: UpgradeId,
        vendor: &dyn Vendor,
    ) -> Result<Stop, Failure> {
        futures::executor::block_on(async {
            let mut watcher = NoWatcher;
            let who = (VERSION, "bench");
            let mut engine =
                Engine::open(&self.host, journal, upgrade, Some(vendor), &NoDesk, &mut watcher, who).await?;
            engine.run().await
        })
    }
}

impl Default for Workload {
    fn default() -> Self {
        Self::new()
    }
}

fn plan(host: &SimHost) -> Plan {
    let version = |text: &str| Version::parse(text).unwrap_or_else(|_| unreachable!("{text} is a version"));
    let step = |number: usize| Step {
        id: StepId::new(format!("step-{number}")),
        phase: Phase::Prepare,
        title: format!("Step {number}"),
        reason: "to be durable".to_owned(),
        operation: Operation::Vendor {
            name: "idle".to_owned(),
            arguments: BTreeMap::new(),
            traits: VendorTraits::changes("changes nothing"),
        },
        mail: None,
        retry: Retry { attempts: 3, wait_secs: 0 },
        limit_secs: 60,
        undo: Undo::Reverse,
        no_return: false,
    };
    Plan {
        format: PlanFormat::CURRENT,
        server: host.name(),
        product: "bench".to_owned(),
        naming: Naming { before: "Bench".to_owned(), after: "Bench".to_owned() },
        from: version("1.0"),
        to: version("2.0"),
        made: host.clock().now(),
        engine: VERSION.to_owned(),
        facts: Digest::ZERO,
        choices: Choices { unscanned: UnscannedPolicy::Hold, left_out: Vec::new() },
        budget: MailBudget { stopped_secs: u64::MAX, unscanned_secs: u64::MAX },
        limits: Limits::default(),
        scanners: Vec::new(),
        role: None,
        steps: (1..=STEPS).map(step).collect(),
    }
}
