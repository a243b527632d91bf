//! What the operator configures, and the bounds that nobody needs to.

use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// How to reach a tenant. The password is a secret and not here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectConfig {
    /// The user of the interface: an account made for it, not a person's.
    pub user: String,
    /// Other addresses than the region's.
    #[serde(default)]
    pub addresses: Option<OwnAddresses>,
    /// Certificates to trust besides the system's, as PEM.
    #[serde(default)]
    pub trust: Option<PathBuf>,
    /// A proxy to go through, as `http://HOST:PORT`. The environment's is not used.
    #[serde(default)]
    pub proxy: Option<String>,
}

/// Addresses of the three services: `https`, or this machine's loopback.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnAddresses {
    /// The one that gives tokens.
    pub identity: String,
    /// The one that knows devices.
    pub devices: String,
    /// The one that knows tasks.
    pub tasks: String,
}

/// Bounds of every call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long to wait for a connection.
    pub connect: Duration,
    /// How long to wait for one answer. The server answers `202` after at most 50 seconds.
    pub answer: Duration,
    /// Bytes of one answer.
    pub body: usize,
    /// How often a call is tried in all.
    pub tries: u32,
    /// The wait before the second try; each further one is twice as long.
    pub wait: Duration,
    /// The longest wait, also where the server asks for a longer one.
    pub longest_wait: Duration,
    /// How often an answer that is not ready is asked for again. The server keeps it for ten minutes.
    pub pending: u32,
    /// The wait before each of these.
    pub pending_wait: Duration,
    /// Entries asked for in one page.
    pub page: u32,
    /// Pages of one list.
    pub pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(75),
            body: 16 << 20,
            tries: 5,
            wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            pending: 36,
            pending_wait: Duration::from_secs(5),
            page: 100,
            pages: 1000,
        }
    }
}

impl Limits {
    /// The wait after a failed try (from 1), as long as the server wants it to be within bounds.
    pub(crate) fn wait_after(&self, tried: u32, asked: Option<Duration>) -> Duration {
        let own = self.wait.saturating_mul(1 << tried.saturating_sub(1).min(16));
        own.max(asked.unwrap_or_default()).min(self.longest_wait)
    }
}
