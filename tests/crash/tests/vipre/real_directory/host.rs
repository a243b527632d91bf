//! The simulated server in a real domain: its directory is Samba's, by the program's own LDAP. A test can end the
//! process at any append to the journal, and before and after every change of the directory.

use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    host::{
        Account, Answer, Clock, Credentials, Directory, Files, Host, Mail, Packages, Power, Processes,
        Registry, Secrets, Services, Transport,
    },
    journal::{Envelope, Journal, MemoryJournal, Stamp},
    plan::{Operation, Plan},
    upgrade::Event,
    values::{AccountName, Secret, SecretRef, StepId, UpgradeId},
};
use mailsec_simulator::{SimHost, world::directory::SimUser};
use mailsec_windows::{LdapDirectory, SecretSources};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What a process dies of. It is thrown past everything, so nothing of the process gets a last word.
pub(super) struct Died;

/// Counts the points at which the process may be ended, and ends it at one of them.
#[derive(Default)]
pub(super) struct Points {
    seen: AtomicUsize,
    end_at: Option<usize>,
}

impl Points {
    pub(super) fn end_at(point: Option<usize>) -> Arc<Self> {
        Arc::new(Self { seen: AtomicUsize::new(0), end_at: point })
    }

    pub(super) fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    fn pass(&self) {
        if Some(self.seen.fetch_add(1, Ordering::Relaxed)) == self.end_at {
            // Not `panic!`: nobody is to be told.
            std::panic::resume_unwind(Box::new(Died));
        }
    }
}

/// The simulated server with the real directory.
pub(super) struct InDomain {
    pub(super) sim: SimHost,
    pub(super) ldap: LdapDirectory,
    /// Outlives the process, as the store on Windows does.
    pub(super) secrets: SecretSources,
    pub(super) points: Arc<Points>,
}

impl InDomain {
    /// The service manager of the simulated server checks log-ons against what it knows of the directory; it is told at
    /// once, so that no point lies between.
    fn tell(&self, name: &AccountName, password: Option<&Secret>) {
        let user = name.user().to_ascii_lowercase();
        let done = self.sim.change(|world| {
            if let Some(password) = password {
                world.directory.users.entry(user.clone()).or_insert_with(|| SimUser::new(name.user()));
                world.vault.directory.insert(user, password.expose().to_owned());
            } else {
                world.directory.users.remove(&user);
                world.vault.directory.remove(&user);
            }
        });
        assert!(done.is_ok(), "a world in memory can always be changed");
    }
}

impl Host for InDomain {
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
        &self.secrets
    }
    fn clock(&self) -> &dyn Clock {
        self.sim.clock()
    }
}

#[async_trait]
impl Directory for InDomain {
    async fn account(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.ldap.account(name).await
    }

    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials> {
        self.ldap.try_credentials(name, password).await
    }

    async fn account_where_changed(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.ldap.account_where_changed(name).await
    }

    async fn try_credentials_where_changed(
        &self,
        name: &AccountName,
        password: &Secret,
    ) -> Answer<Credentials> {
        self.ldap.try_credentials_where_changed(name, password).await
    }

    async fn create_disabled(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        self.points.pass();
        let answer = self.ldap.create_disabled(permit, name, description).await;
        self.points.pass();
        answer
    }

    async fn set_password(&self, permit: &Permit, name: &AccountName, password: &Secret) -> Answer<()> {
        self.points.pass();
        let answer = self.ldap.set_password(permit, name, password).await;
        if answer.is_ok() {
            self.tell(name, Some(password));
        }
        self.points.pass();
        answer
    }

    async fn enable_never_expiring(
        &self,
        permit: &Permit,
        name: &AccountName,
        description: &str,
    ) -> Answer<()> {
        self.points.pass();
        let answer = self.ldap.enable_never_expiring(permit, name, description).await;
        self.points.pass();
        answer
    }

    async fn delete(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        self.points.pass();
        let answer = self.ldap.delete(permit, name, description).await;
        if answer.is_ok() {
            self.tell(name, None);
        }
        self.points.pass();
        answer
    }

    async fn generate_password(
        &self,
        permit: &Permit,
        account: &AccountName,
        secret: &SecretRef,
    ) -> Answer<()> {
        self.points.pass();
        self.ldap.generate_password(permit, account, secret).await?;
        // The simulated installer looks its password up at the simulated server.
        if let Some(made) = self.secrets.find(secret)? {
            self.sim.change(|world| {
                world.vault.generated.insert(secret.as_str().to_owned(), made.expose().to_owned())
            })?;
        }
        self.points.pass();
        Ok(())
    }
}

/// A journal with a point before and after each append that is about one of these steps.
pub(super) struct Pointed<'a> {
    pub(super) inner: &'a mut MemoryJournal,
    pub(super) points: Arc<Points>,
    pub(super) steps: BTreeSet<StepId>,
}

/// The steps that are about the account, and those of the service that logs on with it.
pub(super) fn account_steps(plan: &Plan) -> BTreeSet<StepId> {
    let is_one = |operation: &Operation| {
        matches!(
            operation,
            Operation::ReadServiceAccount { .. }
                | Operation::VerifyServiceAccount { .. }
                | Operation::CheckAccount { .. }
                | Operation::CreateAccount { .. }
                | Operation::ResetPassword { .. }
                | Operation::ProveCredentials { .. }
                | Operation::SetServiceLogOn { .. }
        )
    };
    plan.steps.iter().filter(|step| is_one(&step.operation)).map(|step| step.id.clone()).collect()
}

impl Journal for Pointed<'_> {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        let about = events.iter().any(|event| match event {
            Event::StepIntended { step, .. } | Event::StepApplied { step, .. } => self.steps.contains(step),
            _ => false,
        });
        if about {
            self.points.pass();
        }
        let answer = self.inner.append(upgrade, expected, stamp, events);
        if about {
            self.points.pass();
        }
        answer
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
