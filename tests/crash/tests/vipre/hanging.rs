//! Calls of the host that never come back: one that changes something ends the process with the step in doubt, one that
//! looks is given up.

use async_trait::async_trait;
use futures::executor::block_on;
use mailsec_core::{
    Failure, Permit,
    engine::{Engine, NoDesk, NoWatcher, Stop, load},
    failure::Code,
    host::{
        Answer, Clock, Directory, Files, Host, Mail, Packages, Power, ProcessInfo, Processes, Registry,
        Secrets, Services, ToolExit, ToolRun, Transport,
    },
    journal::Journal,
    upgrade::{Event, Finish, GateKind},
    values::{ServerPath, Timestamp},
};
use mailsec_crash_tests::{Trial, subject};
use mailsec_simulator::SimHost;
use std::{future::pending, time::Duration};

/// What hangs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hangs {
    Nothing,
    Looking,
    Closing,
}

/// The simulated server, on which programs cannot always be looked at or closed.
struct Hanging {
    host: SimHost,
    hangs: Hangs,
}

#[async_trait]
impl Processes for Hanging {
    async fn under(&self, folder: &ServerPath) -> Answer<Vec<ProcessInfo>> {
        if self.hangs == Hangs::Looking {
            pending::<()>().await;
        }
        self.host.under(folder).await
    }

    async fn close(&self, permit: &Permit, process: &ProcessInfo, grace: Duration) -> Answer<()> {
        if self.hangs == Hangs::Closing {
            pending::<()>().await;
        }
        self.host.close(permit, process, grace).await
    }

    async fn run(&self, permit: &Permit, tool: &ToolRun) -> Answer<ToolExit> {
        Processes::run(&self.host, permit, tool).await
    }
}

#[async_trait]
impl Clock for Hanging {
    fn now(&self) -> Timestamp {
        self.host.clock().now()
    }
    async fn sleep(&self, how_long: Duration) {
        self.host.clock().sleep(how_long).await;
    }
    /// Nothing else can be ready any more when this is asked.
    async fn alarm(&self, _after: Duration) {}
}

impl Host for Hanging {
    fn name(&self) -> String {
        self.host.name()
    }
    fn processes(&self) -> &dyn Processes {
        self
    }
    fn clock(&self) -> &dyn Clock {
        self
    }
    fn services(&self) -> &dyn Services {
        self.host.services()
    }
    fn transport(&self) -> &dyn Transport {
        self.host.transport()
    }
    fn power(&self) -> &dyn Power {
        self.host.power()
    }
    fn packages(&self) -> &dyn Packages {
        self.host.packages()
    }
    fn files(&self) -> &dyn Files {
        self.host.files()
    }
    fn registry(&self) -> &dyn Registry {
        self.host.registry()
    }
    fn directory(&self) -> &dyn Directory {
        self.host.directory()
    }
    fn mail(&self) -> &dyn Mail {
        self.host.mail()
    }
    fn secrets(&self) -> &dyn Secrets {
        self.host.secrets()
    }
}

fn process(trial: &mut Trial, hangs: Hangs) -> Result<Stop, Failure> {
    let host = Hanging { host: trial.host.clone(), hangs };
    let (journal, upgrade) = (&mut trial.journal, trial.upgrade);
    block_on(async {
        let by = ("0.1.0", "Ada");
        let mut watcher = NoWatcher;
        Engine::open(&host, journal, upgrade, None, &NoDesk, &mut watcher, by).await?.run().await
    })
}

fn events(trial: &Trial) -> Vec<Event> {
    let envelopes = trial.journal.read(trial.upgrade).unwrap();
    envelopes.into_iter().filter_map(|envelope| envelope.event.known().cloned()).collect()
}

#[test]
fn a_change_that_hangs_ends_the_process_and_the_next_one_looks_and_goes_on() {
    let mut trial = subject("silent, held").trial();
    let failure = process(&mut trial, Hangs::Closing).unwrap_err();
    assert_eq!(failure.code, Code::TimeLimit);
    let last = events(&trial).pop();
    assert!(
        matches!(&last, Some(Event::StepIntended { step, .. }) if step.as_str() == "close-console"),
        "{last:?}"
    );
    assert_eq!(process(&mut trial, Hangs::Nothing), Ok(Stop::Finished(Finish::Succeeded)));
}

#[test]
fn a_look_that_hangs_is_unknown_and_a_person_decides() {
    let mut trial = subject("silent, held").trial();
    process(&mut trial, Hangs::Closing).unwrap_err();
    assert!(matches!(process(&mut trial, Hangs::Looking), Ok(Stop::GateOpen(_))));
    let state = load(&trial.journal.read(trial.upgrade).unwrap()).state;
    assert_eq!(state.gate.map(|gate| gate.why), Some(GateKind::InDoubt));
}
