//! What is wrong, or worth knowing, before an upgrade.

use crate::names;
use mailsec_core::{
    Failure,
    failure::Code,
    product::{
        BackupChoice, FactQuery, Facts, Finding, Installation, Severity, UpgradeRequest,
        checks::{self, Checked},
    },
};

pub(crate) fn assess(installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding> {
    let mut findings = Vec::new();
    checks::note(&mut findings, |findings| checks::exchange(facts, findings));
    checks::note(&mut findings, |findings| {
        checks::package(installation, facts, request, names::NAME, findings).map(|_| ())
    });
    checks::note(&mut findings, |findings| checks::server(facts, findings));
    checks::note(&mut findings, |_| agents(installation, facts));
    checks::note(&mut findings, |findings| backup(installation, facts, request, findings));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn agents(installation: &Installation, facts: &Facts) -> Checked {
    if installation.agents.is_empty() {
        return Err(Failure::new(Code::AgentsDiffer, "no transport agent of the product is registered")
            .expected(format!("agents whose assembly lies under {}", installation.folder))
            .found("none")
            .hint("register them in the product first, and plan again"));
    }
    checks::assemblies(installation, facts)
}

fn backup(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    match &request.backup {
        BackupChoice::To(target) => {
            let settings = FactQuery::Tree(installation.folder.join(names::SETTINGS));
            let (_, bytes) = facts.tree(&settings)?;
            checks::room(installation, facts, target, bytes)
        }
        BackupChoice::Skip(reason) => {
            findings.push(
                Finding::new(Severity::Warning, Code::BackupDiffers, "the settings are not backed up")
                    .shown("left out because", reason),
            );
            Ok(())
        }
    }
}
