//! A plan, a journal that survives, and as many processes as it takes.

use crate::sim::{NEW, PoweredJournal, Sim};
use async_trait::async_trait;
use futures::executor::block_on;
use mailsec_core::{
    Failure,
    engine::{Desk, Engine, Loaded, Message, Said, Stop, Watcher, begin, load, replay::replay},
    host::{BootIdentity, Clock, Host},
    journal::{Envelope, Journal, Lines, MemoryJournal, Stamp},
    plan::{Choice, Plan, Step, lint},
    upgrade::{Event, Gate, State},
    values::{SecretRef, UpgradeId, Version},
};
use mailsec_eset::remote::{Action, COMPONENT, Elsewhere, Management, Remote, RemoteRequest, plan, targets};
use std::sync::{Arc, Mutex};

const PROCESSES: usize = 40;

pub(crate) struct Rig {
    pub(crate) sim: Sim,
    pub(crate) journal: MemoryJournal,
    pub(crate) upgrade: UpgradeId,
    pub(crate) plan: Plan,
}

/// Gives its answers in turn; then none.
#[derive(Default)]
pub(crate) struct Person(Mutex<Vec<Choice>>);

impl Person {
    pub(crate) fn who_says(answers: &[Choice]) -> Self {
        Self(Mutex::new(answers.iter().rev().copied().collect()))
    }
}

#[async_trait]
impl Desk for Person {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        Ok(Vec::new())
    }
    fn taken(&self, _message: &Message, _refused: Option<&Failure>) {}
    async fn ask(&self, gate: &Gate, _state: &State) -> Option<Message> {
        let choice = self.0.lock().unwrap().pop()?;
        let said = Said::Answer { gate: gate.id.clone(), choice, items: Default::default() };
        Some(Message { id: "1".to_owned(), by: "Ada".to_owned(), note: String::new(), said })
    }
}

struct Silent;

impl Watcher for Silent {
    fn recorded(&mut self, _envelope: &Envelope, _state: &State) {}
    fn running(&mut self, _step: &Step, _undo: bool) {}
}

pub(crate) fn request(restart: bool) -> RemoteRequest {
    RemoteRequest {
        place: "eset-connect:eu".to_owned(),
        component: COMPONENT.to_owned(),
        version: Version::parse(NEW).unwrap(),
        action: Action::read(r#"{"name": "RunCommand", "params": {"@type": "lab/Run", "x": "y"}}"#).unwrap(),
        restart,
        password: SecretRef::new("eset-connect-password"),
        limit_secs: 3600,
        poll_secs: 30,
        settle_secs: 180,
    }
}

impl Rig {
    pub(crate) fn new(sim: Sim, restart: bool) -> Self {
        let devices = block_on(sim.devices()).unwrap();
        let names: Vec<String> = devices.iter().map(|device| device.display_name.clone()).collect();
        let targets = targets(&devices, &names, COMPONENT).unwrap();
        let plan = plan(&request(restart), &targets, sim.now(), "0.1.0").unwrap();
        let broken = lint(&plan);
        assert!(broken.is_empty(), "{broken:?}");
        let mut journal = MemoryJournal::new();
        let upgrade = UpgradeId::from_u128(7);
        let stamp = Stamp { at: sim.now(), boot: BootIdentity("elsewhere".into()), engine: "0.1.0".into() };
        begin(&mut journal, upgrade, &plan, plan.hash(), &stamp).unwrap();
        Self { sim, journal, upgrade, plan }
    }

    /// One process.
    pub(crate) fn process(&mut self, person: &Person) -> Result<Stop, Failure> {
        let shared = Arc::new(self.sim.clone());
        let host = Elsewhere::new("eset-connect:eu", shared.clone(), shared.clone());
        let vendor = Remote::new(shared);
        let mut journal = PoweredJournal { inner: &mut self.journal, sim: self.sim.clone() };
        let mut watcher = Silent;
        block_on(async {
            assert_eq!(host.name(), self.plan.server);
            let who = ("0.1.0", "Ada");
            Engine::open(&host, &mut journal, self.upgrade, Some(&vendor), person, &mut watcher, who)
                .await?
                .run()
                .await
        })
    }

    /// Processes until it is over or waits.
    pub(crate) fn run(&mut self, person: &Person) -> Stop {
        for _ in 0..PROCESSES {
            match self.process(person) {
                Ok(stop) => {
                    self.replays();
                    return stop;
                }
                Err(_) if self.sim.is_dead() => self.sim.power_on(),
                Err(failure) => panic!("{failure:?}"),
            }
        }
        panic!("no end")
    }

    /// Whatever happened: the record leads the engine the same way again, without the management server.
    fn replays(&self) {
        let replayed = replay(&self.journal.lines(self.upgrade).unwrap()).unwrap();
        assert!(replayed.departed.is_none(), "{:?}", replayed.departed.map(|departure| departure.failure()));
        assert_eq!(replayed.same, self.loaded().len);
    }

    pub(crate) fn loaded(&self) -> Loaded {
        load(&self.journal.read(self.upgrade).unwrap())
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let all = self.journal.read(self.upgrade).unwrap();
        all.into_iter().filter_map(|envelope| envelope.event.known().cloned()).collect()
    }
}
