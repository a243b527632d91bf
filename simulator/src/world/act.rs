//! What people do at the server, at a gate or behind the program's back. No crash points: they are not us.

use super::{World, packages::Given};
use crate::{
    fate::Fate,
    faults::{ELSEWHERE, Faults},
};
use mailsec_core::{
    host::{Answer, InstallerOutcome, TransportService},
    values::{AccountName, Secret, ServerPath},
};
use std::{collections::BTreeMap, time::Duration};

/// The property that names the account, in every installer of [`worlds`](crate::worlds).
pub const ACCOUNT_PROPERTY: &str = "SIMACCOUNT";
/// The property that holds its password.
pub const PASSWORD_PROPERTY: &str = "SIMPASSWORD";

impl World {
    /// A person runs an installer to its end and gives it an account when it asks.
    ///
    /// # Errors
    /// [`Code::PackageMissing`](mailsec_core::Code::PackageMissing), or the power goes off.
    pub fn person_installs(
        &mut self,
        package: &ServerPath,
        account: Option<(&AccountName, &Secret)>,
    ) -> Answer<InstallerOutcome> {
        let fate = &mut Fate::calm();
        let one = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
        let given = account.map_or_else(Given::default, |(account, password)| Given {
            properties: one(ACCOUNT_PROPERTY, account.to_string()),
            secrets: one(PASSWORD_PROPERTY, password.expose().to_owned()),
            log: None,
        });
        if let Some(outcome) = self.begin_install(fate, package, given)? {
            return Ok(outcome);
        }
        let until = self.now.after(Duration::from_secs(3_600));
        self.await_installer(fate, until)
    }

    /// Whether an installer's last page asks for a restart that has not happened yet.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        !self.pending.is_empty() || !self.renames.is_empty()
    }

    /// A person starts a service.
    ///
    /// # Errors
    /// As the port.
    pub fn person_starts(&mut self, service: &str) -> Answer<()> {
        self.start_service(&mut Fate::calm(), service, Duration::from_secs(1_800))
    }

    /// A person stops a service.
    ///
    /// # Errors
    /// As the port.
    pub fn person_stops(&mut self, service: &str) -> Answer<()> {
        self.stop_service(&mut Fate::calm(), service, Duration::from_secs(1_800))
    }

    /// A person saves a file.
    ///
    /// # Errors
    /// As the port.
    pub fn person_saves(&mut self, path: &ServerPath, content: &[u8]) -> Answer<()> {
        self.disk.write(path, content.into(), self.now)
    }

    /// Somebody mends what is broken: there is room again, the directory answers, nothing is kept open, passwords,
    /// memberships and `agents.config` are what they were once, if they had gone bad.
    pub fn mend(&mut self, before: &Self) {
        self.faults = Faults::default();
        self.disk.capacity.clone_from(&before.disk.capacity);
        self.disk.unlock(|_| true);
        self.directory.unreachable = before.directory.unreachable;
        for service in [TransportService::Hub, TransportService::FrontEnd] {
            if self.agent_rows(service).is_err()
                && let Ok(rows) = before.agent_rows(service)
            {
                _ = self.set_agent_rows(service, rows.to_vec());
            }
        }
        let former = self.vault.former.clone();
        for (name, password) in &mut self.vault.directory {
            if password == ELSEWHERE
                && let Some(old) = former.get(name).or_else(|| before.vault.directory.get(name))
            {
                password.clone_from(old);
            }
        }
        self.mend_memberships(before);
        self.refresh_mail();
    }

    /// A while passes in which nobody does anything.
    ///
    /// # Errors
    /// The power goes off meanwhile.
    pub fn pass(&mut self, time: Duration) -> Answer<()> {
        self.advance(&mut Fate::calm(), time)
    }
}
