//! Services of the service manager.

use super::Answer;
use crate::{
    Permit,
    values::{AccountName, Secret, ServerPath, Timestamp},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

/// A service's short name, compared without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ServiceName(Arc<str>);

impl ServiceName {
    /// Takes a short name.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Exchange's transport service (`MSExchangeTransport`), on Mailbox and Edge servers alike.
    #[must_use]
    pub fn transport() -> Self {
        Self::new("MSExchangeTransport")
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same service.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// Not running.
    Stopped,
    /// On its way up.
    Starting,
    /// Running.
    Running,
    /// On its way down.
    Stopping,
    /// Paused, or on its way there or back.
    Paused,
}

/// When Windows starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartMode {
    /// At boot.
    Automatic,
    /// At boot, later.
    AutomaticDelayed,
    /// When asked.
    Manual,
    /// Never; a request to start it is refused.
    Disabled,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Short name.
    pub name: ServiceName,
    /// Display name.
    pub display: Arc<str>,
    /// Whether it runs.
    pub state: ServiceState,
    /// When Windows starts it.
    pub start: StartMode,
    /// The account it logs on with, as the service manager has it (`LocalSystem`, `LAB\svc`, `.\svc`).
    pub account: Arc<str>,
    /// Its program, without arguments, where it is known.
    pub image: Option<ServerPath>,
    /// When its process started; `None` when it does not run or that cannot be read.
    pub started: Option<Timestamp>,
}

impl Service {
    /// Whether it runs now.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == ServiceState::Running
    }
}

/// The service manager.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Services: Send + Sync {
    /// All services (not drivers), sorted by short name.
    async fn list(&self) -> Answer<Vec<Service>>;

    /// One service by short name.
    async fn get(&self, name: &ServiceName) -> Answer<Option<Service>>;

    /// Starts it and waits until it runs; fine when it runs already. Its dependencies are started too.
    async fn start(&self, permit: &Permit, name: &ServiceName, limit: Duration) -> Answer<()>;

    /// Stops it, and what depends on it, and waits until it is stopped; fine when it is stopped already.
    async fn stop(&self, permit: &Permit, name: &ServiceName, limit: Duration) -> Answer<()>;

    /// Changes when Windows starts it.
    async fn set_start(&self, permit: &Permit, name: &ServiceName, mode: StartMode) -> Answer<()>;

    /// Changes its log-on account. Takes effect when the service starts next.
    async fn set_log_on(
        &self,
        permit: &Permit,
        name: &ServiceName,
        account: &AccountName,
        password: &Secret,
    ) -> Answer<()>;
}
