//! Files and folders.

use super::Answer;
use crate::{
    Permit,
    values::{Digest, ServerPath, Timestamp},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A file or a folder. Links are never followed and count as files of size 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    /// File or folder.
    pub kind: FileKind,
    /// Bytes; 0 for folders.
    pub size: u64,
    /// When its content last changed.
    pub modified: Timestamp,
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    /// Path below the tree's root, with `\`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the content.
    pub digest: Digest,
}

/// Files on the server. What it creates is readable by administrators only.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Files: Send + Sync {
    /// What is there; `None` when nothing is.
    async fn stat(&self, path: &ServerPath) -> Answer<Option<FileStat>>;

    /// Every file below `root`, sorted by path, each with size and digest. A missing root is an error; a file that
    /// cannot be read is an error, never left out.
    async fn tree(&self, root: &ServerPath) -> Answer<Vec<TreeEntry>>;

    /// Digest of one file's content.
    async fn digest(&self, path: &ServerPath) -> Answer<Digest>;

    /// The content of a file of at most `limit` bytes; larger is an error.
    async fn read(&self, path: &ServerPath, limit: u64) -> Answer<Vec<u8>>;

    /// Free bytes for us on the volume that holds `path` (which need not exist yet).
    async fn free_space(&self, path: &ServerPath) -> Answer<u64>;

    /// Copies the file `from` to `to`, making its folders. The copy is on the device when this returns, and `to`
    /// is never seen half-written under its own name.
    async fn copy(&self, permit: &Permit, from: &ServerPath, to: &ServerPath) -> Answer<()>;

    /// Writes a file whole, as [`Files::copy`] does.
    async fn write(&self, permit: &Permit, path: &ServerPath, content: &[u8]) -> Answer<()>;

    /// Removes a file or a folder with all below it; fine when it is not there.
    async fn remove(&self, permit: &Permit, path: &ServerPath) -> Answer<()>;
}
