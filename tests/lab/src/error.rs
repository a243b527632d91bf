//! What can go wrong in the lab itself.

use std::path::PathBuf;
use std::time::Duration;

/// The lab could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file of the lab could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something took longer than its limit.
    #[error("{what} was not done within {limit:?}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// A program that the lab needs failed.
    #[error("{what}: {problem}")]
    Failed {
        /// What was being done.
        what: String,
        /// What it said.
        problem: String,
    },
}

/// The lab's result.
pub type Result<T> = std::result::Result<T, LabError>;

impl LabError {
    pub(crate) fn failed(what: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Self::Failed { what: what.into(), problem: problem.to_string() }
    }
}

/// Names the file that an operation was about.
pub(crate) fn at<T>(path: impl Into<PathBuf>, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|source| LabError::File { path: path.into(), source })
}
