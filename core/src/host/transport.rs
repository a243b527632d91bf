//! Exchange's transport agents and queues.
//!
//! State is read from `agents.config`, which Microsoft documents for reading; changes go through the cmdlets only.
//! A cmdlet given an unknown identity may answer with *all* agents, so names are compared here, never assumed.

use super::Answer;
use crate::{Permit, values::ServerPath};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Which transport service an agent belongs to (parameter `-TransportService`, Exchange 2013 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransportService {
    /// The Transport service of a Mailbox server (`agents.config`).
    Hub,
    /// The Transport service of an Edge server (`agents.config`).
    Edge,
    /// The Front End Transport service (`fetagents.config`).
    FrontEnd,
}

impl fmt::Display for TransportService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Hub => "Hub",
            Self::Edge => "Edge",
            Self::FrontEnd => "FrontEnd",
        })
    }
}

/// An agent's identity: its name within its service; names are compared without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct AgentId {
    /// At most 64 characters.
    pub name: Arc<str>,
    /// The service it belongs to.
    pub service: TransportService,
}

impl AgentId {
    /// Whether both name the same agent.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.service == other.service && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.service)
    }
}

/// A registered transport agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    /// Its identity.
    #[serde(flatten)]
    pub id: AgentId,
    /// Whether transport loads it.
    pub enabled: bool,
    /// Position among the agents of its service, from 1; lower runs first.
    pub priority: u32,
    /// .NET class of its factory (`classFactory`).
    pub factory: Arc<str>,
    /// The assembly that holds it.
    pub assembly: ServerPath,
}

/// The Exchange server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeServer {
    /// Build, for example 15.2.1748.10.
    pub version: String,
    /// `MsiInstallPath`.
    pub folder: ServerPath,
    /// Whether it is an Edge server.
    pub edge: bool,
}

/// Messages in the queues, shadow queues left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDepth {
    /// Messages waiting.
    pub waiting: u64,
    /// Messages in the poison queue, which never leave it by themselves.
    pub poison: u64,
}

/// Exchange's transport.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Transport: Send + Sync {
    /// The server, or `None` when Exchange is not installed here.
    async fn exchange(&self) -> Answer<Option<ExchangeServer>>;

    /// All registered agents, by service and priority.
    async fn agents(&self) -> Answer<Vec<Agent>>;

    /// Messages in the queues; `None` when this host cannot say (transport down, no queue access).
    async fn queues(&self) -> Answer<Option<QueueDepth>>;

    /// Registers an agent: it becomes the last one, and disabled, whatever `agent` says.
    async fn install(&self, permit: &Permit, agent: &Agent) -> Answer<()>;

    /// Unregisters an agent; its files stay.
    async fn uninstall(&self, permit: &Permit, id: &AgentId) -> Answer<()>;

    /// Enables or disables an agent.
    async fn set_enabled(&self, permit: &Permit, id: &AgentId, enabled: bool) -> Answer<()>;

    /// Moves an agent to a position (from 1).
    async fn set_priority(&self, permit: &Permit, id: &AgentId, priority: u32) -> Answer<()>;
}
