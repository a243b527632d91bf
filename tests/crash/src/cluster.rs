//! Several servers, each with a journal of its own, and the run that takes them in order.

use crate::{End, Person, accounts_work, given, obliging, people::Deed};
use async_trait::async_trait;
use futures::{FutureExt, executor::block_on};
use mailsec_core::{
    Code, Failure, Permit,
    engine::{Desk, Engine, Loaded, NoDesk, NoWatcher, Stop, begin, load, progress_of},
    host::{Answer, Host, NodeFacts, NodeOrder, NodeProgress, NodeStanding, Nodes},
    journal::{Journal, MemoryJournal, Stamp},
    plan::{Choice, ClusterNode, Operation, Plan, cluster_plan},
    product::{MailSecurityProduct, UpgradeRequest, node_facts},
    upgrade::{Event, Finish, Gate, GateKind, Standing, State},
    values::{Digest, NodeName, UpgradeId},
};
use mailsec_simulator::{
    Fate, PoweredJournal, SimHost, SimPower, World,
    explore::{self, VERSION},
    oracle::{self, Picture},
    worlds::vipre,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Processes of the cluster's run after which a test gives up.
const PROCESSES: usize = 40;
/// What the event log calls an installation that was completed.
const INSTALLED: u32 = 11_707;

/// One server of the cluster.
pub struct Member {
    /// The server.
    pub host: SimHost,
    /// Its own journal.
    pub journal: MemoryJournal,
    /// Whether a crash takes the machine down, or only the process.
    pub machine_crash: bool,
    /// Looks for which it is out of reach.
    pub away: u32,
    /// As many again, once it was given its order.
    pub away_when_begun: u32,
    /// Its upgrade waits at a gate that nobody answers; it is not taken up before somebody wakes it.
    pub asleep: bool,
    /// Answers its gates.
    pub deed: Deed,
    product: &'static dyn MailSecurityProduct,
    order: Option<NodeOrder>,
    refused: Option<Failure>,
}

impl Member {
    /// Its upgrade under this id, as its journal has it.
    #[must_use]
    pub fn loaded(&self, upgrade: UpgradeId) -> Option<Loaded> {
        self.journal.read(upgrade).ok().map(|envelopes| load(&envelopes))
    }

    fn unfinished(&self) -> Option<UpgradeId> {
        let over = |id: &UpgradeId| {
            self.loaded(*id).is_some_and(|loaded| matches!(loaded.state.standing, Standing::Finished(_)))
        };
        self.journal.upgrades().unwrap_or_default().into_iter().find(|id| !over(id))
    }

    /// One process of the node's own: takes the order up, and drives what is unfinished.
    async fn process(&mut self, plans: &BTreeMap<Digest, Vec<u8>>) -> Result<(), Failure> {
        if self.host.is_off() {
            if self.machine_crash { self.host.boot() } else { self.host.restart_process() }?;
        }
        let mut journal = PoweredJournal::new(std::mem::take(&mut self.journal), self.host.sim_power());
        let result = self.work(&mut journal, plans).await;
        self.journal = journal.into_inner();
        result
    }

    async fn work(
        &mut self,
        journal: &mut dyn Journal,
        plans: &BTreeMap<Digest, Vec<u8>>,
    ) -> Result<(), Failure> {
        if let Some(order) = self.order.clone() {
            if !journal.upgrades()?.contains(&order.upgrade) {
                let plan = Plan::read(plans.get(&order.plan).map_or(&[][..], Vec::as_slice))?;
                if plan.server != self.host.name() {
                    self.order = None;
                    let why = format!("the plan is for {}, this is {}", plan.server, self.host.name());
                    self.refused = Some(Failure::new(Code::NodeRefused, why).ask());
                    return Ok(());
                }
                let boot = self.host.power().boot().await?;
                let stamp = Stamp { at: self.host.clock().now(), boot, engine: VERSION.into() };
                begin(journal, order.upgrade, &plan, order.plan, &stamp)?;
            }
            self.order = None;
        }
        let envelopes = |id: UpgradeId| journal.read(id).map(|envelopes| load(&envelopes).state.standing);
        let all = journal.upgrades()?;
        let open = all.into_iter().find(|id| !matches!(envelopes(*id), Ok(Standing::Finished(_))));
        let Some(upgrade) = open else { return Ok(()) };
        let person = Person::new(&self.host, self.deed);
        let vendor = self.product.vendor();
        let mut watcher = NoWatcher;
        let by = (VERSION, "Ada");
        let mut engine =
            Engine::open(&self.host, journal, upgrade, vendor, &person, &mut watcher, by).await?;
        let stop = engine.run().await?;
        self.asleep = matches!(stop, Stop::GateOpen(_) | Stop::Paused);
        Ok(())
    }
}

/// The nodes, in memory, driven while the cluster's run waits.
pub struct Members {
    power: SimPower,
    members: Mutex<BTreeMap<NodeName, Member>>,
    /// The nodes' plans as files.
    plans: Mutex<BTreeMap<Digest, Vec<u8>>>,
    wrong: Mutex<Vec<String>>,
    wanted: UpgradeRequest,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Members {
    fn reach<T>(&self, node: &NodeName, look: impl FnOnce(&mut Member) -> Answer<T>) -> Answer<T> {
        let mut members = lock(&self.members);
        match members.get_mut(node) {
            Some(member) if member.away > 0 => {
                member.away -= 1;
                Err(Failure::new(Code::NodeUnreachable, format!("{node} cannot be reached")).retry())
            }
            Some(member) => look(member),
            None => Err(Failure::new(Code::NodeUnreachable, format!("nobody knows {node}")).ask()),
        }
    }

    /// Changes a member.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn with<T>(&self, name: &str, change: impl FnOnce(&mut Member) -> T) -> T {
        let name = NodeName::parse(name).unwrap_or_else(|failure| unreachable!("{failure}"));
        change(lock(&self.members).get_mut(&name).unwrap_or_else(|| unreachable!("no member {name}")))
    }

    /// Changes a node's plan file.
    pub fn change_plan(&self, plan: Digest, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = lock(&self.plans).get_mut(&plan) {
            change(bytes);
        }
    }
}

#[async_trait]
impl Nodes for Members {
    async fn begin(&self, _permit: &Permit, order: &NodeOrder) -> Answer<()> {
        self.power.point("order: before")?;
        let bytes = lock(&self.plans).get(&order.plan).cloned().unwrap_or_default();
        Plan::read(&bytes).map_err(Failure::ask)?;
        let busy: Vec<String> = lock(&self.members)
            .iter()
            .filter(|(node, member)| {
                **node != order.node && (member.order.is_some() || member.unfinished().is_some())
            })
            .map(|(node, _)| node.to_string())
            .collect();
        if !busy.is_empty() {
            lock(&self.wrong).push(format!("{} was begun while {busy:?} were under way", order.node));
        }
        self.reach(&order.node, |member| {
            member.refused = None;
            match member.loaded(order.upgrade) {
                Some(loaded) if loaded.state.hash == order.plan => {}
                Some(_) => return Err(Failure::new(Code::PlanStale, "another plan under this id")),
                None => {
                    member.order = Some(order.clone());
                    member.away = member.away_when_begun;
                }
            }
            Ok(())
        })?;
        self.power.point("order: after")
    }

    async fn progress(&self, order: &NodeOrder) -> Answer<Option<NodeProgress>> {
        self.reach(&order.node, |member| {
            if let Some(refused) = &member.refused {
                return Err(refused.clone());
            }
            if let Some(loaded) = member.loaded(order.upgrade) {
                return Ok(Some(progress_of(&loaded)));
            }
            Ok(member.order.as_ref().map(|order| NodeProgress {
                plan: order.plan,
                standing: NodeStanding::Ordered,
                step: None,
                gate: None,
                mail: String::new(),
                failure: None,
            }))
        })
    }

    async fn facts(&self, node: &NodeName, _product: &str) -> Answer<NodeFacts> {
        let seen = |member: &mut Member| Ok((member.host.clone(), member.product, member.unfinished()));
        let (host, product, unfinished) = self.reach(node, seen)?;
        let look = async {
            let facts = product.gather(&host, &self.wanted).await?;
            node_facts(&host, product.detect(&facts)?, unfinished).await
        };
        look.await.map_err(Failure::retry)
    }

    async fn rest(&self, how_long: Duration) {
        let names: Vec<NodeName> = lock(&self.members).keys().cloned().collect();
        let plans = lock(&self.plans).clone();
        for name in names {
            // Taken out meanwhile: a lock is not held while somebody works.
            let Some(mut member) = lock(&self.members).remove(&name) else { continue };
            if member.asleep {
                lock(&self.members).insert(name, member);
                continue;
            }
            // A simulated server's futures are ready at once.
            _ = member.process(&plans).now_or_never();
            _ = member.host.change(|world| world.pass(how_long));
            lock(&self.members).insert(name, member);
        }
    }
}

/// Three servers and the run that takes them.
pub struct Cluster {
    /// Where the cluster's run runs.
    pub host: SimHost,
    /// Its own journal.
    pub journal: MemoryJournal,
    /// Its plan.
    pub plan: Plan,
    /// Its id.
    pub upgrade: UpgradeId,
    /// The nodes.
    pub nodes: Arc<Members>,
    /// Whether a crash takes the machine down, or only the process.
    pub machine_crash: bool,
    /// Each node with its plan, in order.
    pub order: Vec<ClusterNode>,
}

impl Cluster {
    /// Servers of these names, each with a plan of its own, made from worlds that somebody may have changed.
    ///
    /// # Panics
    /// When there is no plan.
    #[must_use]
    pub fn plan(
        names: &[&str],
        world: fn(&str) -> World,
        wanted: fn(&str) -> UpgradeRequest,
        maintenance: bool,
    ) -> Self {
        Self::plan_with(names, world, wanted, obliging, maintenance)
    }

    /// As [`Cluster::plan`], with what people do at the nodes.
    ///
    /// # Panics
    /// When there is no plan.
    #[must_use]
    pub fn plan_with(
        names: &[&str],
        world: fn(&str) -> World,
        wanted: fn(&str) -> UpgradeRequest,
        deed: Deed,
        maintenance: bool,
    ) -> Self {
        let mut members = BTreeMap::new();
        let mut order = Vec::new();
        for (index, name) in (10_u128..).zip(names) {
            let mut world = world(name);
            (*name).clone_into(&mut world.server);
            let trial =
                crate::plan_with(world, &wanted(name), given()).unwrap_or_else(|why| unreachable!("{why:?}"));
            let node = NodeName::parse(name).unwrap_or_else(|failure| unreachable!("{failure}"));
            order.push(ClusterNode {
                node: node.clone(),
                plan: Arc::unwrap_or_clone(trial.plan),
                upgrade: UpgradeId::from_u128(index),
            });
            let member = Member {
                host: trial.host,
                journal: MemoryJournal::new(),
                machine_crash: true,
                away: 0,
                away_when_begun: 0,
                asleep: false,
                deed,
                product: trial.product,
                order: None,
                refused: None,
            };
            members.insert(node, member);
        }
        let mut world = vipre::vipre_45();
        "ADMIN".clone_into(&mut world.server);
        let host = SimHost::in_memory(world);
        let made = host.clock().now();
        let plan = cluster_plan(&order, maintenance, &host.name(), made, VERSION)
            .unwrap_or_else(|failure| unreachable!("{failure}"));
        let plans = order.iter().map(|node| (node.plan.hash(), node.plan.sealed())).collect();
        let nodes = Members {
            power: host.sim_power(),
            members: Mutex::new(members),
            plans: Mutex::new(plans),
            wrong: Mutex::default(),
            wanted: wanted(names.first().copied().unwrap_or_default()),
        };
        let mut cluster = Self {
            host,
            journal: MemoryJournal::new(),
            plan,
            upgrade: UpgradeId::from_u128(1),
            nodes: Arc::new(nodes),
            machine_crash: true,
            order,
        };
        let stamp = block_on(async {
            let boot = cluster.host.power().boot().await?;
            Ok::<_, Failure>(Stamp { at: made, boot, engine: VERSION.into() })
        });
        let begun = stamp.and_then(|stamp| {
            begin(&mut cluster.journal, cluster.upgrade, &cluster.plan, cluster.plan.hash(), &stamp)
        });
        assert!(begun.is_ok(), "the cluster's plan cannot be begun: {begun:?}");
        cluster
    }

    /// One process of the cluster's run.
    ///
    /// # Errors
    /// Why it ended early.
    pub fn process(&mut self, desk: &dyn Desk) -> Result<Stop, Failure> {
        let mut journal = PoweredJournal::new(std::mem::take(&mut self.journal), self.host.sim_power());
        let mut watcher = NoWatcher;
        let result = block_on(async {
            let by = (VERSION, "Ada");
            let engine =
                Engine::open(&self.host, &mut journal, self.upgrade, None, desk, &mut watcher, by).await?;
            engine.with_nodes(self.nodes.as_ref()).run().await
        });
        self.journal = journal.into_inner();
        result
    }

    /// Starts processes until it is over, or waits for a person who is not there.
    pub fn run(&mut self) -> End {
        self.run_with(&NoDesk)
    }

    /// As [`Cluster::run`], with a person.
    pub fn run_with(&mut self, desk: &dyn Desk) -> End {
        for _ in 0..PROCESSES {
            match self.process(desk) {
                Ok(Stop::Finished(how)) => return End::Finished(how),
                Ok(Stop::GateOpen(gate)) => return End::Waiting(gate.to_string()),
                Ok(Stop::Paused) => return End::Paused,
                Ok(Stop::RestartPending) => {}
                Err(_) if self.host.is_off() => {
                    let up = if self.machine_crash { self.host.boot() } else { self.host.restart_process() };
                    assert!(up.is_ok(), "a world in memory can always be changed");
                }
                Err(failure) => return End::Failed(Box::new(failure)),
            }
        }
        End::NoEnd
    }

    /// The cluster's run as its journal has it.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        load(&self.journal.read(self.upgrade).unwrap_or_default())
    }

    /// Its events.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let envelopes = self.journal.read(self.upgrade).unwrap_or_default();
        envelopes.into_iter().filter_map(|envelope| envelope.event.known().cloned()).collect()
    }

    /// What matters of a node's server once everything has come to its end.
    #[must_use]
    pub fn picture(&self, name: &str) -> Picture {
        explore::picture(&self.settled(name))
    }

    fn settled(&self, name: &str) -> World {
        let mut world = self.nodes.with(name, |member| member.host.world());
        _ = world.settle(&mut Fate::calm());
        world
    }

    /// What is not as it must be after a run that succeeded.
    #[must_use]
    pub fn wrong(&self, end: &End, pictures: &BTreeMap<String, Picture>) -> Vec<String> {
        let mut wrong = lock(&self.nodes.wrong).clone();
        if *end != End::Finished(Finish::Succeeded) {
            wrong.push(format!("it ended as {end:?}"));
            wrong.extend(self.events().into_iter().rev().take(2).map(|event| format!("{event:?}")));
        }
        for node in &self.order {
            let name = node.node.as_str();
            let world = self.settled(name);
            let differs = pictures.get(name).map(|before| oracle::differences(before, &self.picture(name)));
            wrong.extend(differs.into_iter().flatten().map(|what| format!("{name}: {what}")));
            let held = [
                oracle::no_mail_lost(&world),
                oracle::none_unscanned(&world),
                oracle::transport_in_effect(&world),
                accounts_work(&world),
            ];
            wrong.extend(held.into_iter().filter_map(Result::err).map(|what| format!("{name}: {what}")));
            let installs = world.events.iter().filter(|event| event.id == INSTALLED).count();
            let planned = node.plan.steps.iter().filter(|step| {
                matches!(step.operation, Operation::RunInstaller { .. } | Operation::Uninstall { .. })
            });
            if installs != planned.count() {
                wrong.push(format!("{name}: {installs} installations were completed"));
            }
            self.nodes.with(name, |member| {
                let upgrades = member.journal.upgrades().unwrap_or_default();
                let standing = member.loaded(node.upgrade).map(|loaded| loaded.state.standing);
                if upgrades != [node.upgrade] || standing != Some(Standing::Finished(Finish::Succeeded)) {
                    wrong.push(format!("{name}: upgrades {upgrades:?}, {standing:?}"));
                }
            });
        }
        wrong
    }
}

/// Puts right what failed by doing nothing, and says "again"; goes through checklists.
#[must_use]
pub fn again(_host: &SimHost, gate: &Gate, _state: &State) -> Option<Choice> {
    match gate.why {
        GateKind::Planned => Some(Choice::Done),
        GateKind::Failed => Some(Choice::Retry),
        _ => None,
    }
}
