//! What is wrong, or worth knowing, before an upgrade.

use crate::{detect::plugin_manager, names, service_account};
use mailsec_core::{
    Failure,
    failure::Code,
    host::{Account, PendingWeight, ServiceName, Signature},
    product::{
        AccountChoice, BackupChoice, FactQuery, Facts, Finding, Installation, InstallerChoice, RulesChoice,
        Severity, UpgradeRequest,
    },
    values::{AccountName, Version},
};

/// Free space that the volume of the backup must keep: Exchange slows down long before it is full.
const SPARE_BYTES: u64 = 64 << 20;

pub(crate) fn assess(installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A fact that could not be read blocks: an upgrade is not begun on guesses.
    for check in [exchange, package, server, agents, backup, account, choices] {
        if let Err(failure) = check(installation, facts, request, &mut findings) {
            findings.push(Finding::blocker(failure));
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

type Checked = Result<(), Failure>;

fn exchange(_: &Installation, facts: &Facts, _: &UpgradeRequest, findings: &mut Vec<Finding>) -> Checked {
    let Some(exchange) = facts.exchange(&FactQuery::Exchange)? else {
        return Err(Failure::new(Code::ExchangeNotFound, "there is no Exchange server here")
            .hint("run mailsec on the Exchange server itself"));
    };
    // https://mskb.pkisolutions.com/kb/2938053: on this build no third-party agent loads, and transport stays down.
    if exchange.version.starts_with("15.0.847.") {
        findings.push(
            Finding::new(
                Severity::Blocker,
                Code::ExchangeNotFound,
                "Exchange 2013 SP1 cannot load third-party transport agents",
            )
            .shown("Exchange build", &exchange.version)
            .fix("install a later cumulative update of Exchange first (KB2938053)"),
        );
    }
    Ok(())
}

fn package(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let name = file.product.as_deref().unwrap_or("no product name");
    if !name.to_lowercase().contains(&names::COMMON.to_lowercase()) {
        return Err(Failure::new(Code::PackageWrongProduct, "the installer is for another product")
            .expected(names::COMMON)
            .found(name)
            .hint("give the installer of VIPRE Email Security; a file without a product name may be damaged: download it again"));
    }
    if let Some(digest) = request.digest.filter(|digest| *digest != file.digest) {
        return Err(Failure::new(
            Code::PackageDigest,
            "the installer's digest is not the one that was given",
        )
        .expected(digest.to_string())
        .found(file.digest.to_string())
        .hint("download it again from the vendor"));
    }
    let version = version(file.version.as_deref())?;
    if version <= installation.version {
        return Err(Failure::new(Code::VersionNotNewer, "the installer does not lead to a newer version")
            .expected(format!("later than {}", installation.version))
            .found(version.to_string())
            .hint("download the present version from the vendor"));
    }
    // No source names the signer, so it is not guessed: a valid signature is asked for, its signer is shown, and the
    // plan holds the installer to the same signer.
    match (&file.signature, &request.unsigned) {
        (Signature::Valid(by), _) => findings.push(
            Finding::new(Severity::Note, Code::PackageSignature, "see that this is the vendor's name")
                .shown("the installer is signed by", by),
        ),
        (other, Some(reason)) => findings.push(
            Finding::new(
                Severity::Warning,
                Code::PackageSignature,
                "the installer's signature is not proven",
            )
            .shown("signature", described(other))
            .shown("accepted because", reason),
        ),
        (other, None) => {
            return Err(Failure::new(Code::PackageSignature, "the installer's signature does not hold")
                .expected("a valid signature")
                .found(described(other))
                .hint(
                    "download it again from the vendor; `--accept-unsigned REASON` goes on without the proof",
                ));
        }
    }
    let (before, after) = (names::name_of(&installation.version), names::name_of(&version));
    if before != after {
        findings.push(Finding::new(
            Severity::Note,
            Code::VersionNotNewer,
            format!("the product changes its name with this upgrade: {before} becomes {after}"),
        ));
    }
    Ok(())
}

fn described(signature: &Signature) -> String {
    match signature {
        Signature::Valid(by) => format!("signed by {by}"),
        Signature::Invalid(why) => why.clone(),
        Signature::Absent => "no signature".to_owned(),
        Signature::Unchecked(why) => format!("not checked: {why}"),
    }
}

pub(crate) fn version(text: Option<&str>) -> Result<Version, Failure> {
    Version::parse(text.unwrap_or_default()).map_err(|why| {
        Failure::new(Code::PackageWrongVersion, "the installer's version cannot be read")
            .expected("numbers with dots")
            .found(why)
    })
}

fn server(
    installation: &Installation,
    facts: &Facts,
    _: &UpgradeRequest,
    findings: &mut Vec<Finding>,
) -> Checked {
    for sign in facts.pending_restart(&FactQuery::PendingRestart)? {
        let (severity, text) = match sign.weight {
            PendingWeight::Stop => (Severity::Blocker, "Windows wants a restart first"),
            PendingWeight::Warn => (Severity::Warning, "files are to be renamed at the next restart"),
        };
        findings.push(
            Finding::new(severity, Code::RestartPending, text)
                .shown(&sign.sign, &sign.detail)
                .fix("restart the server, then plan again"),
        );
    }
    if *facts.installer_busy(&FactQuery::InstallerBusy)? {
        findings.push(
            Finding::new(Severity::Blocker, Code::InstallerBusy, "an installation is running")
                .fix("let it end"),
        );
    }
    let services = facts.services(&FactQuery::Services)?;
    if !services.iter().any(|service| service.name.same(&ServiceName::transport()) && service.is_running()) {
        return Err(Failure::new(Code::NotReady, "Microsoft Exchange Transport does not run")
            .expected("MSExchangeTransport running before anything is changed")
            .hint("start it, or find out why it does not start, first"));
    }
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
    for agent in &installation.agents {
        if facts.file(&FactQuery::File(agent.assembly.clone()))?.is_none() {
            return Err(Failure::new(
                Code::AssemblyMissing,
                format!("the assembly of {} is not there", agent.id),
            )
            .expected(agent.assembly.as_str())
            .hint("repair the installed version first: transport would not survive a restart as it is"));
        }
    }
    Ok(())
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
    if target.is_under(&installation.folder) {
        return Err(Failure::new(Code::BadArgument, "the backup would lie in the product's own folder")
            .expected(format!("a folder outside {}", installation.folder))
            .found(target.as_str()));
    }
    let (_, bytes) = facts.tree(&FactQuery::Tree(settings))?;
    let free = *facts.free_space(&FactQuery::FreeSpace(target.clone()))?;
    let needed = bytes.saturating_add(SPARE_BYTES);
    if free < needed {
        return Err(Failure::new(Code::DiskFull, "there is not enough free space for the backup")
            .expected(format!("{} MB free", needed.div_ceil(1 << 20)))
            .found(format!("{} MB free on the volume of {target}", free >> 20))
            .hint("free some space, or give another place with --backup-to"));
    }
    Ok(())
}

fn account(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    _: &mut Vec<Finding>,
) -> Checked {
    let Some(manager) = plugin_manager(installation) else {
        return Err(Failure::new(Code::ServiceNotFound, "the product's service is not there")
            .expected(format!("a service with the display name {:?}", names::PLUGIN_MANAGER)));
    };
    match &request.account {
        AccountChoice::Keep | AccountChoice::Reset { .. } => {
            let Some(account) = service_account(installation) else {
                return Err(Failure::new(
                    Code::AccountUnfit,
                    "the service does not log on with an account of the domain",
                )
                .expected(r"DOMAIN\user, a standard user")
                .found(&manager.account)
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
