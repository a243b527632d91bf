//! Running programs.

use super::Answer;
use crate::{Permit, values::ServerPath};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One running program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// Process id.
    pub pid: u32,
    /// Its program file.
    pub image: ServerPath,
    /// Whether the service manager runs it.
    pub is_service: bool,
}

/// Running programs.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Processes: Send + Sync {
    /// Programs whose file lies under a folder.
    async fn under(&self, folder: &ServerPath) -> Answer<Vec<ProcessInfo>>;

    /// Asks a program's windows to close, waits `grace`, then ends it. Fine when it is gone already; refuses a
    /// process whose image is not the one given (the id was taken again).
    async fn close(&self, permit: &Permit, process: &ProcessInfo, grace: Duration) -> Answer<()>;
}
