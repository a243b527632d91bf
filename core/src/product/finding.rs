//! Findings: what an assessment noticed.

use crate::{
    failure::{Code, Failure},
    plan::Evidence,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Could go wrong; the operator decides.
    Warning,
    /// The upgrade must not begin.
    Blocker,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Blocker => "blocker",
        })
    }
}

/// Something that an assessment noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Its code.
    pub code: Code,
    /// One sentence.
    pub message: String,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), evidence: Vec::new(), fix: None }
    }

    /// A failure that an assessment met, as a blocker.
    #[must_use]
    pub fn blocker(failure: Failure) -> Self {
        let mut finding = Self::new(Severity::Blocker, failure.code, failure.message);
        finding.evidence.extend(failure.expected.map(|text| Evidence::new("expected", text)));
        finding.evidence.extend(failure.found.map(|text| Evidence::new("found", text)));
        finding.evidence.extend(failure.causes.into_iter().map(|text| Evidence::new("cause", text)));
        finding.fix = failure.hint.or_else(|| usual_fix(failure.code).map(str::to_owned));
        finding
    }

    /// With a fact that shows it.
    #[must_use]
    pub fn shown(mut self, of: impl Into<String>, seen: impl Into<String>) -> Self {
        self.evidence.push(Evidence::new(of, seen));
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// What helps when a port could not read something and cannot know what to do about it.
fn usual_fix(code: Code) -> Option<&'static str> {
    match code {
        Code::PackageMissing => Some("copy the installer onto the server and give its path there"),
        Code::FileUnreadable | Code::AccessDenied => {
            Some("run mailsec as an administrator who may read it, or close the program that holds it")
        }
        Code::FileMissing => Some("see that the path is right and its volume is there"),
        Code::Directory => Some("see that the server reaches a domain controller, then try again"),
        Code::AgentsUnreadable => {
            Some("repair agents.config, or restore it from a backup, before anything else")
        }
        _ => None,
    }
}
