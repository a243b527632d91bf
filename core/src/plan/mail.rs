//! Mail: what is promised about it, and what a step does to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What happens to mail at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Transport takes it and delivers it.
    Flowing,
    /// Transport is stopped on purpose; senders keep their mail and try again.
    Held,
    /// Transport does not run although it should, or is restarting.
    Down,
}

/// Flow, and whether what flows is scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct MailState {
    /// Flowing, held or down.
    pub flow: Flow,
    /// Whether transport has the product's agents loaded. Means something only while mail flows.
    pub scanned: bool,
}

impl MailState {
    /// As it should be.
    pub const GOOD: Self = Self { flow: Flow::Flowing, scanned: true };
    /// Held on purpose.
    pub const HELD: Self = Self { flow: Flow::Held, scanned: false };
    /// Not running.
    pub const DOWN: Self = Self { flow: Flow::Down, scanned: false };
    /// Flowing past the product.
    pub const UNSCANNED: Self = Self { flow: Flow::Flowing, scanned: false };

    /// Whether both are the same to mail: what is not flowing cannot be scanned.
    #[must_use]
    pub fn same(self, other: Self) -> bool {
        self.flow == other.flow && (self.flow != Flow::Flowing || self.scanned == other.scanned)
    }
}

impl fmt::Display for MailState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match (self.flow, self.scanned) {
            (Flow::Flowing, true) => "flowing, scanned",
            (Flow::Flowing, false) => "flowing, UNSCANNED",
            (Flow::Held, _) => "held",
            (Flow::Down, _) => "down",
        })
    }
}

/// What one step does to mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailImpact {
    /// The worst state while the step runs; assumed from its intent on when a crash hides what was.
    pub during: MailState,
    /// The state that it leaves.
    pub after: MailState,
    /// Seconds that `during` usually lasts.
    pub typical_secs: u64,
    /// Seconds after which it counts as gone wrong.
    pub limit_secs: u64,
}

/// How long mail may suffer in the whole upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailBudget {
    /// Seconds held or down, together.
    pub stopped_secs: u64,
    /// Seconds flowing unscanned.
    pub unscanned_secs: u64,
}

/// What to do with mail while the product's agents are detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnscannedPolicy {
    /// It waits: transport stays stopped, and does not come up by itself after a restart.
    Hold,
    /// It flows unscanned, as the vendor's article has it.
    Allow,
}
