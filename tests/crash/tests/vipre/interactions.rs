//! Single interactions that matter, against mocks: an effect only after its intent, and none without.

use async_trait::async_trait;
use futures::executor::block_on;
use mailsec_core::{
    Failure,
    engine::{Engine, NoDesk, NoWatcher, Stop},
    failure::Code,
    host::{
        Answer, BootIdentity, Clock, Directory, Files, Host, Mail, MockPower, MockServices, MockTransport,
        Packages, Power, Processes, Registry, Secrets, Service, ServiceName, ServiceState, Services,
        StartMode, Transport,
    },
    journal::{Envelope, Journal, MemoryJournal, Stamp},
    plan::Plan,
    upgrade::{Event, Finish},
    values::{Timestamp, UpgradeId},
};
use mailsec_crash_tests::subject;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What happened, in order.
type Log = Arc<Mutex<Vec<String>>>;

struct StoppedClock;

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000)
    }
    async fn sleep(&self, _how_long: Duration) {}
    async fn alarm(&self, _after: Duration) {
        std::future::pending().await
    }
}

/// A host of mocks; ports that the step has no business with are not there at all.
struct Mocks {
    services: MockServices,
    transport: MockTransport,
    power: MockPower,
    clock: StoppedClock,
}

impl Host for Mocks {
    fn name(&self) -> String {
        "MAIL01".to_owned()
    }
    fn services(&self) -> &dyn Services {
        &self.services
    }
    fn transport(&self) -> &dyn Transport {
        &self.transport
    }
    fn power(&self) -> &dyn Power {
        &self.power
    }
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }
    fn packages(&self) -> &dyn Packages {
        unreachable!("no package is touched")
    }
    fn files(&self) -> &dyn Files {
        unreachable!("no file is touched")
    }
    fn registry(&self) -> &dyn Registry {
        unreachable!("the registry is not read")
    }
    fn directory(&self) -> &dyn Directory {
        unreachable!("the directory is not asked")
    }
    fn mail(&self) -> &dyn Mail {
        unreachable!("no mail is sent")
    }
    fn processes(&self) -> &dyn Processes {
        unreachable!("no program is looked for")
    }
    fn secrets(&self) -> &dyn Secrets {
        unreachable!("no secret is read")
    }
}

fn transport(state: ServiceState) -> Answer<Option<Service>> {
    Ok(Some(Service {
        name: ServiceName::transport(),
        display: "Microsoft Exchange Transport".into(),
        state,
        start: StartMode::Automatic,
        account: "LocalSystem".into(),
        image: None,
        started: Some(Timestamp::from_millis(1)),
    }))
}

/// A server on which mail can be held: only that, and each of it noted.
fn server(log: &Log, effects: bool) -> Mocks {
    let mut services = MockServices::new();
    services.expect_get().returning(|_| transport(ServiceState::Running));
    let times = usize::from(effects);
    let note = Arc::clone(log);
    services.expect_set_start().times(times).returning(move |permit, _, mode| {
        note.lock().unwrap().push(format!("{} sets {mode:?} by intent {}", permit.step(), permit.seq()));
        Ok(())
    });
    let note = Arc::clone(log);
    services.expect_stop().times(times).returning(move |permit, name, _| {
        note.lock().unwrap().push(format!("{} stops {name} by intent {}", permit.step(), permit.seq()));
        Ok(())
    });
    let mut agents = MockTransport::new();
    agents.expect_agents().returning(|| Ok(Vec::new()));
    agents.expect_queues().returning(|| Ok(None));
    let mut power = MockPower::new();
    power.expect_boot().returning(|| Ok(BootIdentity("boot-1".into())));
    Mocks { services, transport: agents, power, clock: StoppedClock }
}

/// A journal that notes each append, and refuses those that hold an intent when it is told to.
struct Noted {
    inner: MemoryJournal,
    log: Log,
    refuse_intents: bool,
}

impl Journal for Noted {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        if self.refuse_intents && events.iter().any(|event| matches!(event, Event::StepIntended { .. })) {
            return Err(Failure::new(Code::JournalUnwritable, "the device is gone"));
        }
        for (seq, event) in (expected..).zip(events) {
            let text = serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
            self.log.lock().unwrap().push(format!("journal {seq}: {text}"));
        }
        self.inner.append(upgrade, expected, stamp, events)
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
}

/// Runs a plan that only holds mail.
fn hold_mail(refuse_intents: bool) -> (Result<Stop, Failure>, Vec<String>) {
    let mut plan = Plan::clone(&subject("silent, held").trial().plan);
    plan.steps.retain(|step| step.id.as_str() == "hold-mail");
    let log = Log::default();
    let host = server(&log, !refuse_intents);
    let mut inner = MemoryJournal::new();
    let upgrade = UpgradeId::from_u128(1);
    let stamp =
        Stamp { at: Timestamp::from_millis(0), boot: BootIdentity("boot-1".into()), engine: "0.1.0".into() };
    let planned = Event::Planned { hash: plan.hash(), plan: Arc::new(plan) };
    inner.append(upgrade, 0, &stamp, &[planned]).unwrap();
    let mut journal = Noted { inner, log: Arc::clone(&log), refuse_intents };
    let result = block_on(async {
        let mut watcher = NoWatcher;
        let by = ("0.1.0", "Ada");
        let mut engine = Engine::open(&host, &mut journal, upgrade, None, &NoDesk, &mut watcher, by).await?;
        engine.run().await
    });
    let log = log.lock().unwrap().clone();
    (result, log)
}

#[test]
fn every_effect_comes_after_its_intent_and_the_end_takes_one_append() {
    let (result, log) = hold_mail(false);
    assert_eq!(result, Ok(Stop::Finished(Finish::Succeeded)));
    assert_eq!(
        log,
        [
            "journal 1: started",
            "journal 2: step_intended",
            "hold-mail sets Disabled by intent 2",
            "hold-mail stops MSExchangeTransport by intent 2",
            "journal 3: mail_flow_changed",
            "journal 4: step_applied",
            "journal 5: mail_flow_changed",
            "journal 6: finished",
        ]
    );
}

#[test]
fn an_intent_that_cannot_be_written_stops_every_effect() {
    // The mocks of the effects expect no call at all.
    let (result, log) = hold_mail(true);
    assert_eq!(result.unwrap_err().code, Code::JournalUnwritable);
    assert_eq!(log, [""; 0]);
}
