//! A management server in memory, the power of the process that uses it, and a clock on which waiting takes no time.

use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, Clock, Secrets},
    journal::{Envelope, Journal, MemoryJournal, Stamp},
    upgrade::Event,
    values::{Secret, SecretRef, Timestamp, UpgradeId, Version},
};
use mailsec_eset::remote::{
    COMPONENT, Component, Created, Device, DeviceId, Management, NewTask, Run, RunStatus, Task, TaskId,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) const OLD: &str = "10.0.10003.0";
pub(crate) const NEW: &str = "11.0.10008.0";

/// What goes wrong with a request to create a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The answer is lost; nothing was done.
    LostBefore,
    /// The answer is lost; the task is there.
    LostAfter,
    /// The answer is lost; the task comes to be after so many seconds.
    Late(u64),
    /// Refused.
    Refused,
    /// Answered with an older task of another name.
    Another,
    /// The server makes two.
    Two,
}

/// The process's power, and every point at which it can fail.
#[derive(Default)]
struct Power {
    passed: Vec<&'static str>,
    die_at: Option<usize>,
    dead: bool,
}

#[derive(Clone)]
pub(crate) struct SimTask {
    pub(crate) task: Task,
    pub(crate) action: String,
    targets: Vec<DeviceId>,
    born: Timestamp,
    /// The devices that have run it.
    pub(crate) began: BTreeSet<DeviceId>,
}

pub(crate) struct SimTenant {
    pub(crate) devices: Vec<Device>,
    pub(crate) tasks: Vec<SimTask>,
    /// Seconds that a device needs; `None` when it is switched off.
    pub(crate) needs: BTreeMap<DeviceId, Option<u64>>,
    pub(crate) fails: Vec<DeviceId>,
    pub(crate) mishaps: VecDeque<Mishap>,
    /// Calls that fail, from the first task on.
    pub(crate) away: u32,
    now: Timestamp,
    power: Power,
}

/// The world: cheap to share, and what survives every process.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<SimTenant>>);

pub(crate) fn id(at: usize) -> DeviceId {
    DeviceId::new(format!("device-{at}"))
}

impl Sim {
    pub(crate) fn new(devices: usize) -> Self {
        let now = Timestamp::from_millis(1_768_010_400_000);
        let device = |at| Device {
            uuid: id(at),
            display_name: format!("EX{at}"),
            last_sync_time: Some(now),
            functionality_status: Device::FUNCTIONAL.to_owned(),
            deployed_components: vec![
                Component::new("ESET Management Agent", &Version::parse("11.2").unwrap()),
                Component::new(COMPONENT, &Version::parse(OLD).unwrap()),
            ],
        };
        Self(Arc::new(Mutex::new(SimTenant {
            devices: (1..=devices).map(device).collect(),
            tasks: Vec::new(),
            needs: (1..=devices).map(|at| (id(at), Some(60 * at as u64))).collect(),
            fails: Vec::new(),
            mishaps: VecDeque::new(),
            away: 0,
            now,
            power: Power::default(),
        })))
    }

    pub(crate) fn tenant(&self) -> MutexGuard<'_, SimTenant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn die_at(&self, point: usize) {
        self.tenant().power.die_at = Some(point);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.tenant().power.dead
    }

    /// The next process.
    pub(crate) fn power_on(&self) {
        let mut tenant = self.tenant();
        tenant.power.dead = false;
        tenant.power.die_at = None;
        tenant.now = tenant.now.after(Duration::from_secs(5));
    }

    pub(crate) fn points(&self) -> Vec<&'static str> {
        self.tenant().power.passed.clone()
    }

    pub(crate) fn point(&self, label: &'static str) -> Answer<()> {
        let mut tenant = self.tenant();
        let power = &mut tenant.power;
        if !power.dead {
            power.dead = power.die_at == Some(power.passed.len());
            power.passed.push(label);
        }
        if power.dead { Err(Failure::new(Code::System, "the process is dead")) } else { Ok(()) }
    }
}

impl SimTenant {
    /// Lets the tasks work up to now.
    fn work(&mut self) {
        let now = self.now;
        for task in self.tasks.iter_mut().filter(|task| task.born <= now) {
            for device in &task.targets {
                let Some(needs) = self.needs[device] else { continue };
                task.began.insert(device.clone());
                let ended = now.since(task.born).as_secs() >= needs;
                if ended && task.action != "ShutdownComputer" && !self.fails.contains(device) {
                    let known = self.devices.iter_mut().filter(|known| known.uuid == *device);
                    for known in known {
                        known.deployed_components[1] =
                            Component::new(COMPONENT, &Version::parse(NEW).unwrap());
                        known.last_sync_time = Some(now);
                    }
                }
            }
        }
    }

    fn add(&mut self, new: &NewTask, late: u64) -> Task {
        let task = Task {
            uuid: TaskId::new(format!("task-{}", self.tasks.len() + 1)),
            display_name: new.display_name.clone(),
            description: new.description.clone(),
        };
        self.tasks.push(SimTask {
            task: task.clone(),
            action: new.action.name().to_owned(),
            targets: new.devices.clone(),
            born: self.now.after(Duration::from_secs(late)),
            began: BTreeSet::new(),
        });
        task
    }

    fn away(&mut self) -> Answer<()> {
        self.work();
        if self.away == 0 || self.tasks.is_empty() {
            return Ok(());
        }
        self.away -= 1;
        Err(Failure::new(Code::ManagementServer, "away").retry())
    }
}

#[async_trait]
impl Management for Sim {
    async fn devices(&self) -> Answer<Vec<Device>> {
        self.point("devices: asked")?;
        let mut tenant = self.tenant();
        tenant.away()?;
        Ok(tenant.devices.clone())
    }

    async fn tasks(&self) -> Answer<Vec<Task>> {
        self.point("tasks: asked")?;
        let mut tenant = self.tenant();
        tenant.away()?;
        let now = tenant.now;
        Ok(tenant.tasks.iter().filter(|task| task.born <= now).map(|task| task.task.clone()).collect())
    }

    async fn create_task(&self, _permit: &Permit, new: &NewTask) -> Answer<Created> {
        self.point("create: sent")?;
        let answer = {
            let mut tenant = self.tenant();
            let lost = || Created::InDoubt(Failure::new(Code::ManagementServer, "no answer"));
            match tenant.mishaps.pop_front() {
                None => Ok(Created::Task { task: tenant.add(new, 0), request: Some("request-1".to_owned()) }),
                Some(Mishap::LostBefore) => Ok(lost()),
                Some(Mishap::LostAfter) => {
                    tenant.add(new, 0);
                    Ok(lost())
                }
                Some(Mishap::Late(secs)) => {
                    tenant.add(new, secs);
                    Ok(lost())
                }
                Some(Mishap::Refused) => {
                    Err(Failure::new(Code::ManagementRefused, "two-factor is off").ask())
                }
                Some(Mishap::Another) => {
                    let task = Task {
                        uuid: TaskId::new("older"),
                        display_name: "by hand".to_owned(),
                        description: String::new(),
                    };
                    Ok(Created::Task { task, request: None })
                }
                Some(Mishap::Two) => {
                    tenant.add(new, 0);
                    tenant.add(new, 0);
                    Ok(lost())
                }
            }
        };
        self.point("create: done, not answered")?;
        answer
    }

    async fn runs(&self, task: &TaskId) -> Answer<Vec<Run>> {
        self.point("runs: asked")?;
        let mut tenant = self.tenant();
        tenant.away()?;
        let now = tenant.now;
        let task = tenant.tasks.iter().find(|one| one.task.uuid == *task).cloned();
        let Some(task) = task else {
            return Err(Failure::new(Code::ManagementRefused, "no such task").ask());
        };
        let run = |device: &DeviceId| {
            let needs = tenant.needs[device]?;
            let ended = now.since(task.born).as_secs() >= needs;
            let status = match (ended, tenant.fails.contains(device)) {
                (true, true) => RunStatus::Failed,
                (true, false) => RunStatus::Finished,
                (false, _) => RunStatus::Running,
            };
            Some(Run {
                device_uuid: device.clone(),
                status,
                start_time: Some(task.born),
                end_time: ended.then_some(now),
                result: serde_json::json!({ "exit": 1603 }),
            })
        };
        Ok(task.targets.iter().filter_map(run).collect())
    }
}

#[async_trait]
impl Clock for Sim {
    fn now(&self) -> Timestamp {
        self.tenant().now
    }

    async fn sleep(&self, how_long: Duration) {
        let mut tenant = self.tenant();
        tenant.now = tenant.now.after(how_long);
        tenant.work();
    }

    async fn alarm(&self, _after: Duration) {
        std::future::pending().await
    }
}

#[async_trait]
impl Secrets for Sim {
    async fn get(&self, _name: &SecretRef) -> Answer<Option<Secret>> {
        Ok(None)
    }
}

/// A journal that loses its power where the process does.
pub(crate) struct PoweredJournal<'a> {
    pub(crate) inner: &'a mut MemoryJournal,
    pub(crate) sim: Sim,
}

impl Journal for PoweredJournal<'_> {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        self.sim.point("journal: before append")?;
        for torn in 1..events.len() {
            if let Err(dead) = self.sim.point("journal: torn append") {
                if self.sim.points().last() == Some(&"journal: torn append") {
                    self.inner.append(upgrade, expected, stamp, &events[..torn])?;
                }
                return Err(dead);
            }
        }
        let envelopes = self.inner.append(upgrade, expected, stamp, events)?;
        self.sim.point("journal: after append")?;
        Ok(envelopes)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.inner.read(upgrade)
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        self.inner.upgrades()
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.inner.settle()
    }

    fn ready(&mut self) -> Result<(), Failure> {
        self.inner.ready()
    }
}
