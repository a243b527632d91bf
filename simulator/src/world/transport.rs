//! Exchange's transport: registered agents, loaded agents, and the cmdlets that change the first.

use super::{World, agents::AgentRow, content::Content, mail::MailGate};
use mailsec_core::{
    Code, Failure,
    host::{
        Agent, AgentId, Answer, ExchangeServer, QueueDepth, RegistryView, ServiceState, TransportService,
    },
    values::ServerPath,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// Exchange's own key.
pub const SETUP: &str = r"SOFTWARE\Microsoft\ExchangeServer\v15\Setup";

/// Exists on Edge servers only.
pub(crate) const EDGE_ROLE: &str = r"SOFTWARE\Microsoft\ExchangeServer\v15\EdgeTransportRole";

/// After a start the queues answer nothing until the boot loader is done.
const BOOT_LOADER: Duration = Duration::from_secs(5);

/// An agent as a running transport service holds it: it keeps its assembly open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Name.
    pub name: Arc<str>,
    /// Assembly.
    pub assembly: ServerPath,
}

/// The service that runs agents of this kind, by short name in lower case.
fn runner(service: TransportService) -> &'static str {
    match service {
        TransportService::Hub | TransportService::Edge => "msexchangetransport",
        TransportService::FrontEnd => "msexchangefrontendtransport",
    }
}

fn shell(message: impl Into<String>) -> Failure {
    Failure::new(Code::Shell, message)
}

impl World {
    /// The Exchange server, as its registry key says.
    #[must_use]
    pub fn exchange(&self) -> Option<ExchangeServer> {
        let value = |name| self.registry.value(RegistryView::Wide, SETUP, name);
        let folder = value("MsiInstallPath")?;
        let parts = ["MsiProductMajor", "MsiProductMinor", "MsiBuildMajor", "MsiBuildMinor"];
        let version: Vec<&str> = parts.into_iter().filter_map(value).collect();
        let edge = self.registry.exists(RegistryView::Wide, EDGE_ROLE);
        Some(ExchangeServer { version: version.join("."), folder: ServerPath::new(folder), edge })
    }

    fn hub(&self) -> TransportService {
        match self.registry.exists(RegistryView::Wide, EDGE_ROLE) {
            true => TransportService::Edge,
            false => TransportService::Hub,
        }
    }

    /// The file that holds a service's agents.
    ///
    /// # Errors
    /// [`Code::ExchangeNotFound`].
    pub fn agents_file(&self, service: TransportService) -> Answer<ServerPath> {
        let folder = self.registry.value(RegistryView::Wide, SETUP, "MsiInstallPath");
        let folder =
            folder.ok_or_else(|| Failure::new(Code::ExchangeNotFound, "Exchange is not installed here"))?;
        let file = match service {
            TransportService::Hub | TransportService::Edge => r"\TransportRoles\Shared\agents.config",
            TransportService::FrontEnd => r"\TransportRoles\Shared\fetagents.config",
        };
        Ok(ServerPath::new([folder.trim_end_matches('\\'), file].concat()))
    }

    /// The rows of a service's file.
    ///
    /// # Errors
    /// [`Code::AgentsUnreadable`], [`Code::ExchangeNotFound`].
    pub fn agent_rows(&self, service: TransportService) -> Answer<&[Arc<AgentRow>]> {
        let path = self.agents_file(service)?;
        let content = self.disk.read(&path).map_err(|failure| {
            Failure::new(Code::AgentsUnreadable, format!("{path} cannot be read")).cause(failure)
        })?;
        content.agents()
    }

    /// Writes a service's file, as the cmdlets do.
    ///
    /// # Errors
    /// [`Code::DiskFull`], [`Code::ExchangeNotFound`].
    pub fn set_agent_rows(&mut self, service: TransportService, rows: Vec<Arc<AgentRow>>) -> Answer<()> {
        let path = self.agents_file(service)?;
        self.disk.write(&path, Content::of_agents(rows), self.now)
    }

    /// All registered agents, by service and priority.
    ///
    /// # Errors
    /// [`Code::AgentsUnreadable`], [`Code::ExchangeNotFound`].
    pub fn agents(&self) -> Answer<Vec<Agent>> {
        let mut all = Vec::new();
        for service in [self.hub(), TransportService::FrontEnd] {
            // An Edge server has no front end.
            if service == TransportService::FrontEnd && !self.disk.has_file(&self.agents_file(service)?) {
                continue;
            }
            all.extend((1_u32..).zip(self.agent_rows(service)?).map(|(priority, row)| Agent {
                id: AgentId { name: row.name.clone(), service },
                enabled: row.enabled,
                priority,
                factory: row.factory.clone(),
                assembly: row.assembly.clone(),
            }));
        }
        Ok(all)
    }

    /// The remote shell lives in IIS and needs the directory.
    fn shell_works(&self) -> Answer<()> {
        for needed in ["W3SVC", "MSExchangeADTopology"] {
            if self.service(needed).is_ok_and(|service| service.state != ServiceState::Running) {
                let text = format!("the Exchange shell cannot connect, because {needed} does not run");
                return Err(shell(text).retry());
            }
        }
        Ok(())
    }

    pub(crate) fn install_agent(&mut self, agent: &Agent) -> Answer<()> {
        self.shell_works()?;
        if agent.id.name.chars().count() > 64 || agent.id.name.is_empty() {
            return Err(shell("the agent's name must have 1 to 64 characters").found(&*agent.id.name));
        }
        if agent.assembly.is_unc() {
            return Err(shell("AssemblyPath may not be a UNC path").found(agent.assembly.as_str()));
        }
        if !self.disk.has_file(&agent.assembly) {
            return Err(Failure::new(Code::AssemblyMissing, "the agent's assembly does not exist")
                .expected(agent.assembly.as_str()));
        }
        let mut rows = self.agent_rows(agent.id.service)?.to_vec();
        if position(&rows, &agent.id.name).is_some() {
            return Err(shell(format!("an agent \"{}\" is installed already", agent.id.name)));
        }
        let row =
            AgentRow { enabled: false, ..AgentRow::new(&agent.id.name, &agent.factory, &agent.assembly) };
        rows.push(Arc::new(row));
        self.set_agent_rows(agent.id.service, rows)
    }

    /// Changes the rows of a service, given the position of an agent that must be there.
    pub(crate) fn change_agent(
        &mut self,
        id: &AgentId,
        change: impl FnOnce(&mut Vec<Arc<AgentRow>>, usize) -> Answer<()>,
    ) -> Answer<()> {
        self.shell_works()?;
        let mut rows = self.agent_rows(id.service)?.to_vec();
        let Some(index) = position(&rows, &id.name) else {
            return Err(shell(format!("Transport agent \"{}\" isn't found", id.name))
                .cause("Parameter name: Identity"));
        };
        change(&mut rows, index)?;
        self.set_agent_rows(id.service, rows)
    }

    /// At the start of a transport service: every agent that is registered and enabled must have its assembly.
    pub(crate) fn load_agents(&mut self, service: &str) -> Result<(), String> {
        let Some(kind) = [self.hub(), TransportService::FrontEnd].into_iter().find(|k| runner(*k) == service)
        else {
            return Ok(());
        };
        if kind == TransportService::FrontEnd
            && !self.agents_file(kind).is_ok_and(|path| self.disk.has_file(&path))
        {
            return Ok(());
        }
        let rows = match self.agent_rows(kind) {
            Ok(rows) => rows.to_vec(),
            Err(failure) => {
                self.log(
                    "MSExchangeTransport",
                    16023,
                    format!("could not start transport agents: {failure}"),
                );
                return Err(failure.to_string());
            }
        };
        let mut loaded = Vec::new();
        for row in rows.into_iter().filter(|row| row.enabled) {
            if !self.disk.has_file(&row.assembly) {
                let why = format!(
                    "Failed to create type '{}' from assembly '{}' due to error 'Invalid agent assembly path.'",
                    row.factory, row.assembly
                );
                self.log("MSExchangeTransport", 7001, format!("The service will be stopped. Reason: {why}"));
                self.log(
                    "MSExchangeTransport",
                    16023,
                    format!("could not start transport agent {}", row.name),
                );
                return Err(format!("{why} (event 7001)"));
            }
            loaded.push(Loaded { name: row.name.clone(), assembly: row.assembly.clone() });
        }
        self.loaded.insert(service.to_owned(), loaded);
        Ok(())
    }

    /// Queues, once transport is up and its boot loader is done.
    #[must_use]
    pub fn queues(&self) -> Option<QueueDepth> {
        let started = self.service(runner(TransportService::Hub)).ok()?.started?;
        let ready = self.now.since(started) >= BOOT_LOADER;
        ready.then_some(QueueDepth { waiting: 0, poison: self.mail.poison })
    }

    /// How mail is met now that something has changed.
    pub(crate) fn refresh_mail(&mut self) {
        let transport = runner(TransportService::Hub);
        let running = self.service(transport).is_ok_and(|service| service.state == ServiceState::Running);
        let loaded = self.loaded.get(transport);
        let scans = |name: &String| {
            loaded.is_some_and(|agents| agents.iter().any(|agent| agent.name.eq_ignore_ascii_case(name)))
        };
        let gate = match running {
            false => MailGate::Closed,
            true if self.faults.refuse_mail => MailGate::Refusing,
            true if self.mail.scanners.iter().all(scans) => MailGate::Scanned,
            true => MailGate::Unscanned,
        };
        self.mail.set_gate(gate);
    }
}

fn position(rows: &[Arc<AgentRow>], name: &str) -> Option<usize> {
    rows.iter().position(|row| row.name.eq_ignore_ascii_case(name))
}
