//! The place of an upgrade whose servers are elsewhere: a clock, secrets, and nothing else to see or change.

use super::{
    Account, Agent, AgentId, Answer, BootIdentity, Clock, Credentials, Directory, ExchangeServer, FileStat,
    Files, Host, InstallRequest, InstalledPackage, InstallerOutcome, Mail, PackageFile, Packages,
    PendingRestart, Power, ProbeReport, ProcessInfo, Processes, QueueDepth, Registry, RegistryView, Secrets,
    Service, ServiceName, Services, StartMode, ToolExit, ToolRun, Transport, TreeEntry, UninstallRequest,
};
use crate::{
    Permit,
    failure::{Code, Failure},
    proof::Letter,
    values::{AccountName, Digest, Secret, SecretRef, ServerPath},
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// A host for an upgrade that acts through a management server. The machine that the program runs on is not the one
/// that is upgraded, so nothing of it is shown: every port but the clock and the secrets refuses.
pub struct Elsewhere {
    name: String,
    clock: Arc<dyn Clock>,
    secrets: Arc<dyn Secrets>,
    directory: Option<Arc<dyn Directory>>,
}

impl Elsewhere {
    /// A place named as its plans and reports name it.
    #[must_use]
    pub fn new(name: impl Into<String>, clock: Arc<dyn Clock>, secrets: Arc<dyn Secrets>) -> Self {
        Self { name: name.into(), clock, secrets, directory: None }
    }

    /// With a directory, which is nobody's machine.
    #[must_use]
    pub fn with_directory(self, directory: Arc<dyn Directory>) -> Self {
        Self { directory: Some(directory), ..self }
    }
}

fn no<T>() -> Answer<T> {
    Err(Failure::new(Code::OperationUnsupported, "the servers of this upgrade are elsewhere")
        .expected("an operation of the management server")
        .hint("the plan was not made for a management server"))
}

impl Host for Elsewhere {
    fn name(&self) -> String {
        self.name.clone()
    }
    fn services(&self) -> &dyn Services {
        self
    }
    fn transport(&self) -> &dyn Transport {
        self
    }
    fn packages(&self) -> &dyn Packages {
        self
    }
    fn files(&self) -> &dyn Files {
        self
    }
    fn registry(&self) -> &dyn Registry {
        self
    }
    fn directory(&self) -> &dyn Directory {
        self.directory.as_deref().unwrap_or(self)
    }
    fn power(&self) -> &dyn Power {
        self
    }
    fn mail(&self) -> &dyn Mail {
        self
    }
    fn processes(&self) -> &dyn Processes {
        self
    }
    fn secrets(&self) -> &dyn Secrets {
        self.secrets.as_ref()
    }
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

#[async_trait]
impl Power for Elsewhere {
    /// Always the same: boots of this machine say nothing about the servers, and cost the upgrade nothing.
    async fn boot(&self) -> Answer<BootIdentity> {
        Ok(BootIdentity("elsewhere".into()))
    }
    async fn pending(&self) -> Answer<Vec<PendingRestart>> {
        Ok(Vec::new())
    }
    async fn restart(&self, _: &Permit, _: &str) -> Answer<()> {
        no()
    }
}

#[async_trait]
impl Services for Elsewhere {
    async fn list(&self) -> Answer<Vec<Service>> {
        no()
    }
    async fn get(&self, _: &ServiceName) -> Answer<Option<Service>> {
        no()
    }
    async fn start(&self, _: &Permit, _: &ServiceName, _: Duration) -> Answer<()> {
        no()
    }
    async fn stop(&self, _: &Permit, _: &ServiceName, _: Duration) -> Answer<()> {
        no()
    }
    async fn set_start(&self, _: &Permit, _: &ServiceName, _: StartMode) -> Answer<()> {
        no()
    }
    async fn set_log_on(&self, _: &Permit, _: &ServiceName, _: &AccountName, _: &Secret) -> Answer<()> {
        no()
    }
}

#[async_trait]
impl Transport for Elsewhere {
    async fn exchange(&self) -> Answer<Option<ExchangeServer>> {
        no()
    }
    async fn agents(&self) -> Answer<Vec<Agent>> {
        no()
    }
    async fn queues(&self) -> Answer<Option<QueueDepth>> {
        no()
    }
    async fn install(&self, _: &Permit, _: &Agent) -> Answer<()> {
        no()
    }
    async fn uninstall(&self, _: &Permit, _: &AgentId) -> Answer<()> {
        no()
    }
    async fn set_enabled(&self, _: &Permit, _: &AgentId, _: bool) -> Answer<()> {
        no()
    }
    async fn set_priority(&self, _: &Permit, _: &AgentId, _: u32) -> Answer<()> {
        no()
    }
}

#[async_trait]
impl Packages for Elsewhere {
    async fn installed(&self) -> Answer<Vec<InstalledPackage>> {
        no()
    }
    async fn inspect(&self, _: &ServerPath) -> Answer<PackageFile> {
        no()
    }
    async fn busy(&self) -> Answer<bool> {
        no()
    }
    async fn logged_exit(&self, _: &ServerPath) -> Answer<Option<i32>> {
        no()
    }
    async fn install<'a>(&self, _: &Permit, _: InstallRequest<'a>) -> Answer<InstallerOutcome> {
        no()
    }
    async fn uninstall<'a>(&self, _: &Permit, _: UninstallRequest<'a>) -> Answer<InstallerOutcome> {
        no()
    }
}

#[async_trait]
impl Files for Elsewhere {
    async fn stat(&self, _: &ServerPath) -> Answer<Option<FileStat>> {
        no()
    }
    async fn tree(&self, _: &ServerPath) -> Answer<Vec<TreeEntry>> {
        no()
    }
    async fn digest(&self, _: &ServerPath) -> Answer<Digest> {
        no()
    }
    async fn read(&self, _: &ServerPath, _: u64) -> Answer<Vec<u8>> {
        no()
    }
    async fn free_space(&self, _: &ServerPath) -> Answer<u64> {
        no()
    }
    async fn copy(&self, _: &Permit, _: &ServerPath, _: &ServerPath) -> Answer<()> {
        no()
    }
    async fn write(&self, _: &Permit, _: &ServerPath, _: &[u8]) -> Answer<()> {
        no()
    }
    async fn remove(&self, _: &Permit, _: &ServerPath) -> Answer<()> {
        no()
    }
}

#[async_trait]
impl Registry for Elsewhere {
    async fn value(&self, _: RegistryView, _: &str, _: &str) -> Answer<Option<String>> {
        no()
    }
    async fn exists(&self, _: RegistryView, _: &str) -> Answer<bool> {
        no()
    }
}

#[async_trait]
impl Directory for Elsewhere {
    async fn account(&self, _: &AccountName) -> Answer<Option<Account>> {
        no()
    }
    async fn account_where_changed(&self, _: &AccountName) -> Answer<Option<Account>> {
        no()
    }
    async fn try_credentials(&self, _: &AccountName, _: &Secret) -> Answer<Credentials> {
        no()
    }
    async fn try_credentials_where_changed(&self, _: &AccountName, _: &Secret) -> Answer<Credentials> {
        no()
    }
    async fn create_disabled(&self, _: &Permit, _: &AccountName, _: &str) -> Answer<()> {
        no()
    }
    async fn set_password(&self, _: &Permit, _: &AccountName, _: &Secret) -> Answer<()> {
        no()
    }
    async fn enable_never_expiring(&self, _: &Permit, _: &AccountName, _: &str) -> Answer<()> {
        no()
    }
    async fn delete(&self, _: &Permit, _: &AccountName, _: &str) -> Answer<()> {
        no()
    }
    async fn generate_password(&self, _: &Permit, _: &AccountName, _: &SecretRef) -> Answer<()> {
        no()
    }
}

#[async_trait]
impl Mail for Elsewhere {
    async fn probe(&self, _: &str) -> Answer<ProbeReport> {
        no()
    }
    async fn send(&self, _: &str, _: Letter, _: &str) -> Answer<ProbeReport> {
        no()
    }
}

#[async_trait]
impl Processes for Elsewhere {
    async fn under(&self, _: &ServerPath) -> Answer<Vec<ProcessInfo>> {
        no()
    }
    async fn close(&self, _: &Permit, _: &ProcessInfo, _: Duration) -> Answer<()> {
        no()
    }
    async fn run(&self, _: &Permit, _: &ToolRun) -> Answer<ToolExit> {
        no()
    }
}
