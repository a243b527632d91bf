//! Proof that mail flows.

use super::Answer;
use crate::proof::Letter;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeVerdict {
    /// The transport service answered and took responsibility for the message (250 after DATA).
    Accepted,
    /// A 4xx answer, a refused or a timed-out connection: senders keep their mail and try again.
    Deferred,
    /// A 5xx answer: senders would give up. Never acceptable during an upgrade.
    Refused,
}

/// A probe's result, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// What it found.
    pub verdict: ProbeVerdict,
    /// Whether the answer was one to the message itself. One that came before says nothing of what is in the message.
    #[serde(default)]
    pub of_content: bool,
    /// The answers of the server, last line first, or the connection's error.
    pub evidence: Vec<String>,
}

/// Sends messages to the transport service itself. Port 25 is the stateless front end, whose banner proves nothing
/// about it.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Mail: Send + Sync {
    /// Sends a harmless message that carries `marker` in its Message-ID.
    async fn probe(&self, marker: &str) -> Answer<ProbeReport>;

    /// Sends a letter that carries `marker` in its Message-ID to `recipient`, whose mail a [`Pickup`](super::Pickup)
    /// sees.
    async fn send(&self, marker: &str, letter: Letter, recipient: &str) -> Answer<ProbeReport>;
}
