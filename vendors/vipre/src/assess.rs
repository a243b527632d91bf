//! What is wrong, or worth knowing, before an upgrade.

use crate::{detect::plugin_manager, names, service_account};
use mailsec_core::{
    Failure,
    failure::Code,
    host::Account,
    product::{
        AccountChoice, BackupChoice, FactQuery, Facts, Finding, Installation, InstallerChoice, RulesChoice,
        Severity, UpgradeRequest,
        checks::{self, Checked},
    },
    values::AccountName,
};

pub(crate) fn assess(installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding> {
    let mut findings = Vec::new();
    checks::note(&mut findings, |findings| checks::exchange(facts, findings));
    for check in [package, server, agents, backup, account, choices] {
        checks::note(&mut findings, |findings| check(installation, facts, request, findings));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn package(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    let version = checks::package(installation, facts, request, names::COMMON, findings)?;
    let (before, after) = (names::name_of(&installation.version), names::name_of(&version));
    if before != after {
        findings.push(Finding::new(
            Severity::Note,
            Code::ProductRenamed,
            format!("the product changes its name with this upgrade: {before} becomes {after}"),
        ));
    }
    Ok(())
}

fn server(
    installation: &Installation,
    facts: &Facts,
    _: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    checks::server(facts, findings)?;
    let programs = facts.programs(&FactQuery::Programs(installation.folder.clone()))?;
    for program in programs.iter().filter(|program| !program.is_service) {
        findings.push(
            Finding::new(
                Severity::Note,
                Code::ProcessBusy,
                "a program of the product is open; it will be closed",
            )
            .shown(format!("process {}", program.pid), program.image.as_str()),
        );
    }
    Ok(())
}

fn agents(installation: &Installation, facts: &Facts, _: &UpgradeRequest, _: &mut Vec<Finding>) -> Checked {
    if installation.agents.is_empty() {
        return Err(Failure::new(Code::AgentsDiffer, "no transport agent of the product is registered")
            .expected(format!("agents whose assembly lies under {}", installation.folder))
            .found("none")
            .hint("register them in the console (Settings, Agents, Register) and plan again"));
    }
    checks::assemblies(installation, facts)
}

fn backup(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    let settings = names::settings(&installation.folder);
    let target = match &request.backup {
        BackupChoice::Skip(reason) => {
            findings.push(
                Finding::new(Severity::Warning, Code::BackupDiffers, "the settings are not backed up")
                    .shown("left out because", reason),
            );
            return Ok(());
        }
        BackupChoice::To(target) => target,
    };
    if facts.file(&FactQuery::File(settings.clone()))?.is_none() {
        return Err(Failure::new(Code::FileMissing, "the settings folder is not there")
            .expected(settings.as_str())
            .hint("find the product's folder, or leave the backup out with --skip-backup REASON"));
    }
    let (_, bytes) = facts.tree(&FactQuery::Tree(settings))?;
    checks::room(installation, facts, target, bytes)
}

fn account(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    _: &mut Vec<Finding>,
) -> Checked {
    let Some(manager) = plugin_manager(installation) else {
        return Err(Failure::new(Code::ServiceNotFound, "the product's service is not there")
            .expected(format!("a service with the display name {:?}", names::PLUGIN_MANAGER))
            .hint("repair the installation with the vendor's installer first"));
    };
    match &request.account {
        AccountChoice::Keep | AccountChoice::Reset { .. } => {
            let Some(account) = service_account(installation) else {
                return Err(Failure::new(
                    Code::AccountUnfit,
                    "the service does not log on with an account of the domain",
                )
                .expected(r"DOMAIN\user, a standard user")
                .found(&*manager.account)
                .hint(r"plan with --create-account DOMAIN\name or --account DOMAIN\name"));
            };
            fit(&account, facts)
        }
        AccountChoice::Use(account) => fit(account, facts),
        AccountChoice::Create { account, .. } => match known(account, facts)? {
            None => Ok(()),
            Some(_) => Err(Failure::new(Code::AccountExists, format!("{account} exists already"))
                .hint("choose another name, or use it with --account")),
        },
    }
}

fn known<'f>(account: &AccountName, facts: &'f Facts) -> Result<Option<&'f Account>, Failure> {
    Ok(facts.account(&FactQuery::Account(account.clone()))?.as_ref())
}

fn fit(account: &AccountName, facts: &Facts) -> Checked {
    match known(account, facts)? {
        Some(found) => found.fit_for_service(),
        None => Err(Failure::new(Code::AccountNotFound, format!("there is no account {account}"))
            .hint("create it with --create-account")),
    }
}

fn choices(_: &Installation, _: &Facts, request: &UpgradeRequest, findings: &mut Vec<Finding>) -> Checked {
    if let RulesChoice::Skip(reason) = &request.rules {
        findings.push(
            Finding::new(Severity::Warning, Code::RulesExport, "custom rules are not exported")
                .shown("left out because", reason),
        );
    }
    if let InstallerChoice::Silent { .. } = request.mode {
        findings.push(Finding::new(
            Severity::Note,
            Code::InstallerFailed,
            "the installer runs silently with arguments of yours; the vendor's article names none",
        ));
    }
    Ok(())
}
