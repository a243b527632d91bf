//! One step of a plan.

use super::{MailImpact, MailState, Operation};
use crate::values::StepId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// The parts of an upgrade, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Look.
    Survey,
    /// Copy what must not be lost.
    BackUp,
    /// Accounts, credentials, snapshots.
    Prepare,
    /// Unregister the transport agents.
    Detach,
    /// Uninstall, install.
    Replace,
    /// Restart the server.
    Reboot,
    /// Import settings.
    Restore,
    /// Register the transport agents.
    Attach,
    /// Prove the result.
    Verify,
    /// Have a person look at it.
    Review,
}

impl Phase {
    /// Whether a step of this phase may come before one of the next. Replacing and restarting take turns: uninstall,
    /// restart, install, restart.
    #[must_use]
    pub fn may_precede(self, next: Self) -> bool {
        self <= next || (self, next) == (Self::Reboot, Self::Replace)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Survey => "survey",
            Self::BackUp => "back up",
            Self::Prepare => "prepare",
            Self::Detach => "detach",
            Self::Replace => "replace",
            Self::Reboot => "reboot",
            Self::Restore => "restore",
            Self::Attach => "attach",
            Self::Verify => "verify",
            Self::Review => "review",
        })
    }
}

/// How often a failing step is tried, and how long is waited in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retry {
    /// Tries in all, from 1.
    pub attempts: u32,
    /// Seconds before the second try; each further wait is twice as long, up to ten minutes.
    pub wait_secs: u64,
}

impl Retry {
    /// One try.
    pub const ONCE: Self = Self { attempts: 1, wait_secs: 0 };

    /// How long to wait after a failed try (from 1).
    #[must_use]
    pub fn wait_after(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        Duration::from_secs(self.wait_secs.saturating_mul(1 << doublings).min(600))
    }
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// By its operation's undo, from the state that was saved with the intent.
    Reverse,
    /// There is nothing to take back: it only looks, or asks.
    Nothing,
    /// What it made stays; why.
    Keep(String),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its name, unique in the plan.
    pub id: StepId,
    /// Which part of the upgrade it belongs to.
    pub phase: Phase,
    /// One line.
    pub title: String,
    /// Why it is there.
    pub reason: String,
    /// What it does.
    pub operation: Operation,
    /// What it does to mail; left out for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailImpact>,
    /// How often it is tried.
    pub retry: Retry,
    /// Seconds one try may take.
    pub limit_secs: u64,
    /// How it is taken back.
    pub undo: Undo,
    /// Once this step is applied, the engine only goes forward.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_return: bool,
}

impl Step {
    /// A step with the usual retry rule and limit, undone by its operation where that changes anything.
    #[must_use]
    pub fn new(id: &str, phase: Phase, title: &str, reason: &str, operation: Operation) -> Self {
        let undo = if operation.only_looks() || matches!(operation, Operation::Restart { .. }) {
            Undo::Nothing
        } else {
            Undo::Reverse
        };
        Self {
            id: StepId::new(id),
            phase,
            title: title.to_owned(),
            reason: reason.to_owned(),
            operation,
            mail: None,
            retry: Retry { attempts: 3, wait_secs: 5 },
            limit_secs: 300,
            undo,
            no_return: false,
        }
    }

    /// With what it does to mail; the limit that was set before counts.
    #[must_use]
    pub fn touching_mail(mut self, during: MailState, after: MailState, typical_secs: u64) -> Self {
        self.mail = Some(MailImpact { during, after, typical_secs, limit_secs: self.limit_secs });
        self
    }

    /// With another limit.
    #[must_use]
    pub fn within(mut self, secs: u64) -> Self {
        self.limit_secs = secs;
        self
    }

    /// What it makes stays on the way back.
    #[must_use]
    pub fn kept(mut self, why: &str) -> Self {
        self.undo = Undo::Keep(why.to_owned());
        self
    }

    /// Seconds that it typically takes, an estimate.
    #[must_use]
    pub fn typical_secs(&self) -> u64 {
        self.mail.map_or_else(|| self.operation.typical_secs(), |impact| impact.typical_secs)
    }

    /// How long one try may take.
    #[must_use]
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.limit_secs)
    }
}
