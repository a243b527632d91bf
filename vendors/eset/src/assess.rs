//! What is wrong, or worth knowing, before an upgrade.

use crate::{methods, names};
use mailsec_core::{
    Failure,
    failure::Code,
    product::{
        BackupChoice, FactQuery, Facts, Finding, Installation, InstallerChoice, Method, Severity,
        UpgradeRequest,
        checks::{self, Checked},
    },
    values::Version,
};

pub(crate) fn assess(installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding> {
    let mut findings = Vec::new();
    checks::note(&mut findings, |findings| checks::exchange(facts, findings));
    for check in [package, method, server, agents, export, management] {
        checks::note(&mut findings, |findings| check(installation, facts, request, findings));
    }
    findings.push(need(&installation.version));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// Whether an upgrade is needed at all, as far as any source says.
fn need(installed: &Version) -> Finding {
    let (first, last) = names::vulnerable();
    if *installed >= first && *installed <= last {
        return Finding::new(
            Severity::Warning,
            Code::VersionUnsupported,
            "the vendor's advisory names this version as vulnerable and says to update at once",
        )
        .shown("installed version", installed.to_string())
        .shown("vulnerable versions", format!("{first} to {last}"))
        .fix("upgrade it soon");
    }
    Finding::new(
        Severity::Note,
        Code::VersionUnsupported,
        "no source names this version as bad; an upgrade brings what updates of modules cannot",
    )
    .shown("installed version", installed.to_string())
}

fn package(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    let to = checks::package(installation, facts, request, names::COMMON, findings)?;
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let name = file.product.as_deref().unwrap_or_default();
    if !names::is_ours(name) {
        return Err(Failure::new(Code::PackageWrongProduct, "the installer is for another mail server")
            .expected(names::NAME)
            .found(name)
            .hint("download the package for Microsoft Exchange Server"));
    }
    if !names::build_fits(&to) {
        findings.push(
            Finding::new(
                Severity::Warning,
                Code::PackageWrongProduct,
                "the build number does not look like one of the product for Exchange",
            )
            .shown("version of the installer", to.to_string())
            .shown("expected", "a third number that begins with 10, as in 8.0.10016.0")
            .fix("see that the right package was downloaded"),
        );
    }
    if names::drops_rules(&installation.version, &to) {
        findings.push(
            Finding::new(
                Severity::Warning,
                Code::SettingsLost,
                "rules of 4.x cannot be migrated; they are listed in the report and have to be set up again",
            )
            .shown("source", names::ARTICLE),
        );
    }
    Ok(())
}

fn method(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    let method = methods::chosen(request);
    methods::fits(method, installation, facts)?;
    methods::planned_here(method)?;
    let row = methods::TABLE.iter().find(|row| row.method == method);
    let why = match (request.method, row) {
        (None, Some(row)) => format!("nobody chose another, and it is for {}", row.servers),
        _ => "it was asked for".to_owned(),
    };
    findings.push(
        Finding::new(Severity::Note, Code::MethodUnfit, format!("the method is {method}"))
            .shown("because", why)
            .shown("source", row.map_or("", |row| row.source)),
    );
    if method == Method::Manual && installation.product_code.is_none() {
        return Err(Failure::new(Code::ProductNotFound, "the product cannot be uninstalled by the program")
            .expected("its MSI product code in the registry")
            .found("none")
            .hint("repair the installation with the vendor's installer first, or plan with --method in-place where it applies"));
    }
    Ok(())
}

fn server(
    installation: &Installation,
    facts: &Facts,
    _: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    if !installation.services.iter().any(|service| service.name.as_str().eq_ignore_ascii_case(names::SERVICE))
    {
        findings.push(
            Finding::new(Severity::Warning, Code::ServiceNotFound, "the product's core service is not there")
                .shown("service", names::SERVICE),
        );
    }
    checks::server(facts, findings)
}

fn agents(
    installation: &Installation,
    facts: &Facts,
    _: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    if installation.agents.is_empty() {
        findings.push(
            Finding::new(
                Severity::Warning,
                Code::AgentsDiffer,
                "no transport agent has its assembly in the product's folder; mail counts as scanned by nobody",
            )
            .shown("folder", installation.folder.as_str())
            .fix("see in the product whether the protection of mail transport is on"),
        );
    }
    checks::assemblies(installation, facts)
}

fn export(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    if let BackupChoice::To(target) = &request.backup {
        checks::room(installation, facts, target, 0)?;
    }
    let tool = facts.file(&FactQuery::File(installation.folder.join(names::TOOL)))?;
    if !tool.as_ref().is_some_and(names::is_program) {
        findings.push(
            Finding::new(
                Severity::Note,
                Code::SettingsExport,
                "a person exports the settings: there is no tool for it",
            )
            .shown("not found", installation.folder.join(names::TOOL).as_str()),
        );
    }
    if methods::chosen(request) == Method::Manual {
        findings.push(
            Finding::new(
                Severity::Note,
                Code::SettingsImport,
                "a person enables ESET CMD after the installation: a fresh product refuses an import otherwise",
            )
            .shown("source", names::COMMANDS_PAGE),
        );
        if !request.settings_password {
            findings.push(
                Finding::new(
                    Severity::Note,
                    Code::PasswordWrong,
                    "if a password protects the settings, the product cannot be removed without it",
                )
                .shown("source", names::PASSWORD_PAGE)
                .fix("see in Advanced setup, Access setup; if one does, plan with --settings-password"),
            );
        }
    }
    if let InstallerChoice::Silent { arguments, .. } = &request.mode
        && !arguments.is_empty()
    {
        findings.push(
            Finding::new(
                Severity::Note,
                Code::InstallerFailed,
                "the installer gets arguments of yours; test them on another server first",
            )
            .shown("arguments", arguments.join(" ")),
        );
    }
    Ok(())
}

fn management(_: &Installation, facts: &Facts, _: &UpgradeRequest, findings: &mut Vec<Finding>) -> Checked {
    let services = facts.services(&FactQuery::Services)?;
    if services.iter().any(|service| service.name.as_str().eq_ignore_ascii_case(names::AGENT_SERVICE)) {
        findings.push(
            Finding::new(
                Severity::Warning,
                Code::SettingsImport,
                "a management server manages this one: its policies override imported settings, and its own updates can come between",
            )
            .shown("service", names::AGENT_SERVICE)
            .fix("hold back automatic updates by a policy until this upgrade is over"),
        );
    }
    Ok(())
}
