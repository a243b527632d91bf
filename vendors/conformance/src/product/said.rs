//! What a product says of facts: not here, no, or a plan.

use mailsec_core::{
    Failure,
    plan::Plan,
    product::{Facts, Finding, Installation, MailSecurityProduct, Severity, UpgradeRequest},
    values::{Digest, Timestamp},
};
use mailsec_simulator::explore::VERSION;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A plan and what it was made from.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) installation: Installation,
    pub(crate) findings: Vec<Finding>,
    pub(crate) plan: Plan,
}

/// What a product says of facts.
#[derive(Debug)]
pub(crate) enum Said {
    /// It is not installed.
    Absent,
    /// It cannot be told, or there can be no plan.
    Refused(Failure),
    /// Findings forbid it.
    Blocked(Installation, Vec<Finding>),
    /// A plan.
    Planned(Box<Planned>),
    /// It panicked, and said so.
    Panicked(String),
}

/// Has a product detect, assess and plan, as the program does it.
pub(crate) fn say(
    product: &dyn MailSecurityProduct,
    facts: &Facts,
    request: &UpgradeRequest,
    made: Timestamp,
) -> Said {
    let say = || {
        let installation = match product.detect(facts) {
            Ok(Some(installation)) => installation,
            Ok(None) => return Said::Absent,
            Err(failure) => return Said::Refused(failure),
        };
        if let Err(failure) = product.accepts(request) {
            return Said::Refused(failure);
        }
        let findings = product.assess(&installation, facts, request);
        if findings.iter().any(|finding| finding.severity == Severity::Blocker) {
            return Said::Blocked(installation, findings);
        }
        match product.plan(&installation, facts, request, made, VERSION) {
            Ok(plan) => Said::Planned(Box::new(Planned { installation, findings, plan })),
            Err(failure) => Said::Refused(failure),
        }
    };
    catch_unwind(AssertUnwindSafe(say)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Said::Panicked(text.unwrap_or_else(|| "without a word".to_owned()))
    })
}

impl Said {
    /// All of it as text. What names the facts themselves is left out: other facts have another digest.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Absent => "not installed".to_owned(),
            Self::Refused(failure) => format!("refused: {failure:?}"),
            Self::Blocked(installation, findings) => format!("{installation:?} {}", sorted(findings)),
            Self::Panicked(text) => format!("a panic: {text}"),
            Self::Planned(planned) => {
                let plan = Plan { facts: Digest::ZERO, ..planned.plan.clone() };
                let plan = String::from_utf8_lossy(&plan.canonical()).into_owned();
                format!("{:?} {} {plan}", planned.installation, sorted(&planned.findings))
            }
        }
    }

    /// In a few words.
    pub(crate) fn short(&self) -> String {
        match self {
            Self::Absent => "not installed".to_owned(),
            Self::Refused(failure) => format!("refused: {failure}"),
            Self::Blocked(_, findings) => {
                let blocker = findings.iter().find(|finding| finding.severity == Severity::Blocker);
                format!("blocked: {}", blocker.map_or("", |finding| &finding.message))
            }
            Self::Panicked(text) => format!("a panic: {text}"),
            Self::Planned(planned) => format!("a plan of {} steps", planned.plan.steps.len()),
        }
    }
}

/// Findings name what they found in its order; that order is nobody's promise.
fn sorted(findings: &[Finding]) -> String {
    let mut all: Vec<String> = findings.iter().map(|finding| format!("{finding:?}")).collect();
    all.sort();
    all.join(" ")
}
