//! Two domain controllers: the process ends when the first one has done a change, and the first goes away before the second
//! has heard of it. What the second does not know proves nothing, and nothing is done upon it.

use async_trait::async_trait;
use futures::executor::block_on;
use mailsec_core::{
    Code, Failure, Permit,
    engine::{Engine, NoWatcher, Stop},
    host::{
        Account, Answer, Clock, Credentials, Directory, Files, Host, Mail, Packages, Power, Processes,
        Registry, Secrets, Services, Transport,
    },
    plan::Choice,
    upgrade::{Event, Finish},
    values::{AccountName, Secret, SecretRef},
};
use mailsec_crash_tests::{Person, accounts_work, subject};
use mailsec_simulator::{SimHost, World, explore::Trial};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The simulated server in a domain with two controllers.
struct TwoControllers {
    /// Its directory is the first.
    sim: SimHost,
    /// What the second knows while the first is away.
    second: Option<World>,
    /// The process ends when this change is done.
    ends_after: &'static str,
}

impl TwoControllers {
    fn first(&self) -> Answer<&dyn Directory> {
        match &self.second {
            None => Ok(self.sim.directory()),
            Some(_) => Err(Failure::new(Code::Directory, "the first controller cannot be reached").retry()),
        }
    }

    fn done(&self, change: &str) {
        if self.ends_after == change {
            // Not `panic!`: nobody is to be told.
            std::panic::resume_unwind(Box::new(()));
        }
    }
}

#[async_trait]
impl Directory for TwoControllers {
    async fn account(&self, name: &AccountName) -> Answer<Option<Account>> {
        match &self.second {
            Some(second) => second.account(name),
            None => self.sim.directory().account(name).await,
        }
    }

    async fn account_where_changed(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.first()?.account(name).await
    }

    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials> {
        match &self.second {
            Some(second) => second.credentials(name, password.expose()),
            None => self.sim.directory().try_credentials(name, password).await,
        }
    }

    async fn try_credentials_where_changed(
        &self,
        name: &AccountName,
        password: &Secret,
    ) -> Answer<Credentials> {
        self.first()?.try_credentials(name, password).await
    }

    async fn create_disabled(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        self.first()?.create_disabled(permit, name, description).await?;
        self.done("create");
        Ok(())
    }

    async fn set_password(&self, permit: &Permit, name: &AccountName, password: &Secret) -> Answer<()> {
        self.first()?.set_password(permit, name, password).await?;
        self.done("set");
        Ok(())
    }

    async fn enable_never_expiring(
        &self,
        permit: &Permit,
        name: &AccountName,
        description: &str,
    ) -> Answer<()> {
        self.first()?.enable_never_expiring(permit, name, description).await
    }

    async fn delete(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        self.first()?.delete(permit, name, description).await
    }

    async fn generate_password(
        &self,
        permit: &Permit,
        account: &AccountName,
        secret: &SecretRef,
    ) -> Answer<()> {
        self.first()?.generate_password(permit, account, secret).await
    }
}

impl Host for TwoControllers {
    fn name(&self) -> String {
        self.sim.name()
    }
    fn services(&self) -> &dyn Services {
        self.sim.services()
    }
    fn transport(&self) -> &dyn Transport {
        self.sim.transport()
    }
    fn packages(&self) -> &dyn Packages {
        self.sim.packages()
    }
    fn files(&self) -> &dyn Files {
        self.sim.files()
    }
    fn registry(&self) -> &dyn Registry {
        self.sim.registry()
    }
    fn directory(&self) -> &dyn Directory {
        self
    }
    fn power(&self) -> &dyn Power {
        self.sim.power()
    }
    fn mail(&self) -> &dyn Mail {
        self.sim.mail()
    }
    fn processes(&self) -> &dyn Processes {
        self.sim.processes()
    }
    fn secrets(&self) -> &dyn Secrets {
        self.sim.secrets()
    }
    fn clock(&self) -> &dyn Clock {
        self.sim.clock()
    }
}

/// One process; `None` when it was ended.
fn process(trial: &mut Trial, host: &TwoControllers, person: &Person) -> Option<Result<Stop, Failure>> {
    let run = || {
        block_on(async {
            let (mut watcher, by) = (NoWatcher, ("0.1.0", "Ada"));
            let journal = &mut trial.journal;
            let vendor = trial.product.vendor();
            let engine = Engine::open(host, journal, trial.upgrade, vendor, person, &mut watcher, by);
            engine.await?.run().await
        })
    };
    catch_unwind(AssertUnwindSafe(run)).ok()
}

/// Ends the process after the change, and goes on without the first controller: at the gate, when somebody says that all
/// is to be taken back, and with the first controller again. Returns what came of it at last.
fn goes_on_without_the_first(case: &str, ends_after: &'static str, back: bool) -> (Trial, Stop) {
    let mut trial = subject(case).trial();
    let before = trial.host.world();
    let host = |second, ends_after| TwoControllers { sim: trial.host.clone(), second, ends_after };
    let (calm, ended, away) = (host(None, ""), host(None, ends_after), host(Some(before), ""));
    let nobody = Person::away(&trial.host);
    assert!(process(&mut trial, &ended, &nobody).is_none(), "{case}: the process was not ended");

    let stop = process(&mut trial, &away, &nobody).unwrap().unwrap();
    assert!(matches!(stop, Stop::GateOpen(_)), "{case}: {stop:?}");
    let unknown = |event: &Event| {
        let Event::StepObserved { observation, .. } = event else { return false };
        matches!(observation, mailsec_core::plan::Observation::Unknown { .. })
    };
    assert!(trial.events().iter().any(unknown), "{case}: nothing was said to be unknown");
    let choice = if back { Choice::RollBack } else { Choice::Retry };
    let decided =
        Person::new(&trial.host, move |_, gate, _| gate.choices.contains(&choice).then_some(choice));
    if back {
        let stop = process(&mut trial, &away, &decided).unwrap().unwrap();
        assert!(!matches!(stop, Stop::Finished(_)), "{case}: taken back without the first: {stop:?}");
    }
    let retry =
        Person::new(&trial.host, |_, gate, _| gate.choices.contains(&Choice::Retry).then_some(Choice::Retry));
    for _ in 0..10 {
        let stop = process(&mut trial, &calm, &retry).unwrap().unwrap();
        if let Stop::Finished(_) = stop {
            return (trial, stop);
        }
    }
    panic!("{case}: no end");
}

const CASES: [(&str, &str); 4] = [
    ("password reset, generated", "set"),
    ("password reset, given", "set"),
    ("account created, password generated", "create"),
    ("account created, password given", "set"),
];

#[test]
fn what_the_second_controller_has_not_heard_of_is_unknown_and_goes_on_with_the_first() {
    for (case, ends_after) in CASES {
        let (trial, stop) = goes_on_without_the_first(case, ends_after, false);
        assert_eq!(stop, Stop::Finished(Finish::Succeeded), "{case}");
        assert_eq!(accounts_work(&trial.host.world()), Ok(()), "{case}");
    }
}

#[test]
fn what_the_second_controller_has_not_heard_of_is_not_taken_back_without_the_first() {
    for (case, ends_after) in CASES {
        let (trial, stop) = goes_on_without_the_first(case, ends_after, true);
        assert_eq!(stop, Stop::Finished(Finish::RolledBack), "{case}");
        let world = trial.host.world();
        assert_eq!(accounts_work(&world), Ok(()), "{case}");
        // An account that the upgrade made is gone again.
        let users = |world: &World| world.directory.users.keys().cloned().collect::<Vec<_>>();
        assert_eq!(users(&world), users(&trial.before), "{case}");
    }
}
