//! What a step keeps: the state it found, for undoing it, and what it produced, for later steps.

use crate::{
    host::{Agent, BootIdentity, InstallerOutcome, ServiceName, StartMode},
    values::{AccountName, Digest, SecretRef, ServerPath, Timestamp, Version},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A piece of state of the server, journaled with an intent (as it was) or an outcome (as it became).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Snapshot {
    /// Transport agents: which, enabled or not, where in the order.
    Agents {
        /// The product's own agents.
        agents: Vec<Agent>,
        /// Every agent of the services concerned, in order, so that positions can be restored among the others.
        order: Vec<Agent>,
    },
    /// A service's settings.
    Service {
        /// Which service.
        service: ServiceName,
        /// Whether it ran.
        running: bool,
        /// When Windows starts it.
        start: StartMode,
        /// Its log-on account as the service manager has it.
        account: Arc<str>,
        /// When its process had started.
        started: Option<Timestamp>,
    },
    /// An account's existence.
    Account {
        /// Which account.
        account: AccountName,
        /// Whether there was one.
        existed: bool,
        /// When its password had been set; none where it was not looked at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password_set: Option<Timestamp>,
    },
    /// A password was set; the value is behind the reference.
    Password {
        /// Whose.
        account: AccountName,
        /// Where the value is.
        secret: SecretRef,
    },
    /// A copied tree.
    Backup {
        /// The folder of the copy.
        target: ServerPath,
        /// Its manifest.
        manifest: ServerPath,
        /// Files in it.
        files: u64,
        /// Bytes in it.
        bytes: u64,
        /// Digest over the manifest.
        digest: Digest,
    },
    /// The installed version, none when the product is not there.
    Version {
        /// Which.
        version: Option<Version>,
        /// What an installation had left for the next boot already, as far as it is kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
    },
    /// How an installer ended.
    Installer {
        /// Its outcome.
        outcome: InstallerOutcome,
        /// Its log.
        log: ServerPath,
    },
    /// A file that a person made.
    File {
        /// Where it lies.
        path: ServerPath,
        /// Bytes.
        size: u64,
        /// Digest.
        digest: Digest,
    },
    /// The boot in which a restart was asked for.
    Boot {
        /// Its identity.
        boot: BootIdentity,
    },
    /// What a vendor's own operation left: a few words here, whatever is long in files.
    Vendor {
        /// Words by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        values: BTreeMap<String, String>,
        /// Files by what they are.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, KeptFile>,
    },
}

/// A file that a later step reads, and must find as it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptFile {
    /// Where it lies.
    pub path: ServerPath,
    /// Bytes.
    pub size: u64,
    /// Digest.
    pub digest: Digest,
}

/// A fact that supports a statement, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What was looked at, for example `service MSExchangeTransport`.
    pub of: String,
    /// What was seen, for example `running since 2026-01-10T02:11:09.000Z`.
    pub seen: String,
}

impl Evidence {
    /// A fact.
    #[must_use]
    pub fn new(of: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { of: of.into(), seen: seen.into() }
    }
}
