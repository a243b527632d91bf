//! What can go wrong with the domain itself.

use std::path::PathBuf;

/// The domain could not be made, or did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program failed, or a request was refused.
    #[error("{what}: {problem}")]
    Failed {
        /// What was being done.
        what: String,
        /// What it said.
        problem: String,
    },
}

/// The domain's result.
pub type Result<T> = std::result::Result<T, DomainError>;

pub(crate) fn failed(what: impl Into<String>, problem: impl std::fmt::Display) -> DomainError {
    DomainError::Failed { what: what.into(), problem: problem.to_string() }
}

/// Names the file that an operation was about.
pub(crate) fn at<T>(path: impl Into<PathBuf>, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|source| DomainError::File { path: path.into(), source })
}
