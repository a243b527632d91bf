//! Exchange's transport agents.

use crate::{
    agents_config, files,
    registry::value,
    shell::{Cmdlet, Shell, ShellKind},
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Agent, AgentId, Answer, ExchangeServer, QueueDepth, RegistryView, Transport, TransportService},
    values::ServerPath,
};
use mailsec_mail::blocking;
use std::io::Read;

/// Exchange 2013 and later (CSS-Exchange, `Shared/Confirm-ExchangeShell.ps1`); only in the 64-bit view.
const SETUP: &str = r"SOFTWARE\Microsoft\ExchangeServer\v15\Setup";
const EDGE: &str = r"SOFTWARE\Microsoft\ExchangeServer\v15\EdgeTransportRole";
/// Real lists have a few kilobytes.
const LIST_LIMIT: u64 = 16 * 1024 * 1024;

/// Transport of the Exchange server on this machine.
#[derive(Clone, Debug)]
pub struct WindowsTransport {
    shell: Shell,
}

impl WindowsTransport {
    pub(crate) fn new(shell: Shell) -> Self {
        Self { shell }
    }

    /// Runs one cmdlet and then looks whether the list of agents says what it should: a cmdlet's own answer proves
    /// nothing, as an unknown identity is answered with all agents.
    async fn change(
        &self,
        cmdlet: Cmdlet,
        wanted: impl Fn(Option<&Agent>) -> bool + Send + Sync + 'static,
        expected: String,
    ) -> Answer<()> {
        let shell = self.shell.clone();
        blocking(move || {
            let server = server()?;
            let id = cmdlet.id().clone();
            let before = agent(&server, &id)?;
            // An installation makes a new agent, everything else is about one that is there. Asking Exchange for less
            // could change another agent, or register one twice.
            if before.is_some() == matches!(cmdlet, Cmdlet::Install { .. }) {
                return Err(differs(&id, &expected, before.as_ref()));
            }
            if wanted(before.as_ref()) {
                return Ok(());
            }
            let kind = ShellKind::fitting(server.edge, id.service);
            let answered = shell.run(kind, &server.folder, std::slice::from_ref(&cmdlet));
            let after = agent(&server, &id)?;
            match answered {
                Ok(_) if wanted(after.as_ref()) => Ok(()),
                Ok(_) => Err(differs(&id, &expected, after.as_ref()).retry()),
                Err(failure) => Err(failure),
            }
        })
        .await
    }
}

#[async_trait]
impl Transport for WindowsTransport {
    async fn exchange(&self) -> Answer<Option<ExchangeServer>> {
        blocking(exchange).await
    }

    async fn agents(&self) -> Answer<Vec<Agent>> {
        blocking(|| match exchange()? {
            Some(server) => agents(&server),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn queues(&self) -> Answer<Option<QueueDepth>> {
        blocking(|| Ok(crate::win::counters::queues())).await
    }

    async fn install(&self, _: &Permit, agent: &Agent) -> Answer<()> {
        let cmdlet = Cmdlet::install(agent)?;
        let (factory, assembly) = (agent.factory.clone(), agent.assembly.clone());
        let expected = format!("registered, {factory} in {assembly}");
        let wanted = move |found: Option<&Agent>| {
            found.is_some_and(|found| found.factory == factory && found.assembly.same(&assembly))
        };
        self.change(cmdlet, wanted, expected).await
    }

    async fn uninstall(&self, _: &Permit, id: &AgentId) -> Answer<()> {
        self.change(Cmdlet::Uninstall(id.clone()), |found| found.is_none(), "not registered".to_owned()).await
    }

    async fn set_enabled(&self, _: &Permit, id: &AgentId, enabled: bool) -> Answer<()> {
        let (cmdlet, expected) = if enabled {
            (Cmdlet::Enable(id.clone()), "enabled")
        } else {
            (Cmdlet::Disable(id.clone()), "disabled")
        };
        let wanted = move |found: Option<&Agent>| found.is_some_and(|found| found.enabled == enabled);
        self.change(cmdlet, wanted, expected.to_owned()).await
    }

    async fn set_priority(&self, _: &Permit, id: &AgentId, priority: u32) -> Answer<()> {
        let wanted = move |found: Option<&Agent>| found.is_some_and(|found| found.priority == priority);
        self.change(Cmdlet::SetPriority(id.clone(), priority), wanted, format!("priority {priority}")).await
    }
}

fn differs(id: &AgentId, expected: &str, found: Option<&Agent>) -> Failure {
    Failure::new(Code::AgentsDiffer, format!("the transport agent {id} is not as it should be"))
        .expected(expected)
        .found(found.map_or_else(
            || "not registered".to_owned(),
            |a| {
                let enabled = if a.enabled { "enabled" } else { "disabled" };
                format!("{enabled}, priority {}, {} in {}", a.priority, a.factory, a.assembly)
            },
        ))
}

fn setup(name: &str) -> Result<Option<String>, Failure> {
    value(RegistryView::Wide, SETUP, name)
}

fn exchange() -> Result<Option<ExchangeServer>, Failure> {
    let Some(folder) = setup("MsiInstallPath")?.filter(|folder| !folder.is_empty()) else {
        return Ok(None);
    };
    let mut version = Vec::new();
    for name in ["MsiProductMajor", "MsiProductMinor", "MsiBuildMajor", "MsiBuildMinor"] {
        version.push(setup(name)?.unwrap_or_else(|| "0".to_owned()));
    }
    let edge = crate::registry::open(RegistryView::Wide, EDGE)?.is_some();
    Ok(Some(ExchangeServer { version: version.join("."), folder: ServerPath::new(folder), edge }))
}

fn server() -> Result<ExchangeServer, Failure> {
    exchange()?.ok_or_else(|| {
        Failure::new(Code::ExchangeNotFound, "Exchange is not installed on this server")
            .expected(format!(r"HKLM\{SETUP} MsiInstallPath"))
    })
}

fn agents(server: &ExchangeServer) -> Result<Vec<Agent>, Failure> {
    let main = if server.edge { TransportService::Edge } else { TransportService::Hub };
    let mut agents = of_service(server, main)?.ok_or_else(|| {
        Failure::new(Code::AgentsUnreadable, "there is no list of transport agents")
            .expected(list_path(server, main).as_str())
            .ask()
    })?;
    // Edge servers and servers with the management tools only have no Front End service.
    agents.extend(of_service(server, TransportService::FrontEnd)?.unwrap_or_default());
    Ok(agents)
}

fn agent(server: &ExchangeServer, id: &AgentId) -> Result<Option<Agent>, Failure> {
    let found = of_service(server, id.service)?.unwrap_or_default();
    Ok(found.into_iter().find(|agent| agent.id.same(id)))
}

fn list_path(server: &ExchangeServer, service: TransportService) -> ServerPath {
    let name = match service {
        TransportService::FrontEnd => "fetagents.config",
        TransportService::Hub | TransportService::Edge => "agents.config",
    };
    server.folder.join(r"TransportRoles\Shared").join(name)
}

fn of_service(server: &ExchangeServer, service: TransportService) -> Result<Option<Vec<Agent>>, Failure> {
    let path = list_path(server, service);
    let unreadable = |failure: Failure| Failure { code: Code::AgentsUnreadable, ..failure };
    let mut file = match files::open(&path) {
        Ok(file) => file.take(LIST_LIMIT),
        Err(failure) if failure.code == Code::FileMissing => return Ok(None),
        Err(failure) => return Err(unreadable(failure)),
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(|e| {
        unreadable(crate::os_error::system_failure(
            Code::AgentsUnreadable,
            format!("{path} cannot be read"),
            &e,
        ))
    })?;
    agents_config::parse(&content, service).map(Some).map_err(|failure| failure.cause(path))
}
