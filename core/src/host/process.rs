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

/// A tool of a product, run to its end.
///
/// A command line can be read by every process of the server, so no secret ever belongs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRun {
    /// Its program file, with its whole path.
    pub program: ServerPath,
    /// Its arguments, each as the tool is to see it.
    pub arguments: Vec<String>,
    /// After this long it is ended: a tool is no installer, and answers soon or never.
    pub limit: Duration,
}

/// How a tool ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolExit {
    /// Its exit code.
    pub code: i32,
    /// The end of what it printed, errors behind the rest.
    pub output: String,
}

impl ToolExit {
    /// More than this many characters of what a tool printed are not kept.
    pub const OUTPUT_CHARS: usize = 2000;

    /// An exit, with the end of what was printed.
    #[must_use]
    pub fn new(code: i32, printed: &str) -> Self {
        let printed = printed.trim();
        let surplus = printed.chars().count().saturating_sub(Self::OUTPUT_CHARS);
        Self { code, output: printed.chars().skip(surplus).collect() }
    }

    /// The code, and what the tool printed last.
    #[must_use]
    pub fn said(&self) -> String {
        match self.output.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
            Some(line) => format!("exit code {}: {}", self.code, line.chars().take(200).collect::<String>()),
            None => format!("exit code {}", self.code),
        }
    }
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

    /// Runs a tool without a window and waits for its end. A program that is not there is
    /// [`Code::FileMissing`](crate::Code::FileMissing); one that takes too long is ended, with all it started, and is
    /// [`Code::TimeLimit`](crate::Code::TimeLimit). What its exit code means is the caller's to know.
    async fn run(&self, permit: &Permit, tool: &ToolRun) -> Answer<ToolExit>;
}
