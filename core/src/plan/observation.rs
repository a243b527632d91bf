//! What a step leaves, and what the server shows of it.

use super::{Evidence, Snapshot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a step left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// One line.
    pub summary: String,
    /// Whether it changed anything; false when everything was so already.
    pub changed: bool,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What later steps need of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Snapshot>,
}

/// What the host says of a step's effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Observation {
    /// It is there, whole.
    Applied(Outcome),
    /// Nothing of it is there.
    NotApplied {
        /// What shows it.
        evidence: Vec<Evidence>,
    },
    /// Some of it is there.
    Partial {
        /// What shows it.
        evidence: Vec<Evidence>,
    },
    /// It cannot be told.
    Unknown {
        /// Why.
        evidence: Vec<Evidence>,
    },
}

impl Observation {
    /// One word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Applied(_) => "applied",
            Self::NotApplied { .. } => "not applied",
            Self::Partial { .. } => "partial",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// What shows it.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Applied(outcome) => &outcome.evidence,
            Self::NotApplied { evidence } | Self::Partial { evidence } | Self::Unknown { evidence } => {
                evidence
            }
        }
    }
}

impl Outcome {
    /// An outcome that changed something.
    #[must_use]
    pub fn changed(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), changed: true, ..Self::default() }
    }

    /// An outcome of a look, or of an effect that was there already.
    #[must_use]
    pub fn same(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    /// With facts that show it.
    #[must_use]
    pub fn shown(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// With something that later steps need.
    #[must_use]
    pub fn output(mut self, output: Snapshot) -> Self {
        self.output = Some(output);
        self
    }
}
