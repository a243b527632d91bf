//! What every product looks for before an upgrade. Each check adds what it noticed; what forbids the upgrade by
//! itself, or could not be read, is its error: an upgrade is not begun on guesses.

use super::{FactQuery, Facts, Finding, Installation, Severity, UpgradeRequest};
use crate::{
    failure::{Code, Failure},
    host::{PackageFile, PendingWeight, ServiceName, Signature},
    values::{ServerPath, Version},
};

/// What a check comes to.
pub type Checked = Result<(), Failure>;

/// Free space that the volume of a backup must keep: Exchange slows down long before it is full.
const SPARE_BYTES: u64 = 64 << 20;

/// What these checks ask of the server.
#[must_use]
pub fn facts_wanted(request: &UpgradeRequest) -> Vec<FactQuery> {
    vec![
        FactQuery::Exchange,
        FactQuery::Services,
        FactQuery::Packages,
        FactQuery::Agents,
        FactQuery::PendingRestart,
        FactQuery::InstallerBusy,
        FactQuery::Package(request.installer.clone()),
    ]
}

/// Adds a check's outcome.
pub fn note(findings: &mut Vec<Finding>, check: impl FnOnce(&mut Vec<Finding>) -> Checked) {
    if let Err(failure) = check(findings) {
        findings.push(Finding::blocker(failure));
    }
}

/// Exchange is there, and loads agents of others.
///
/// # Errors
/// [`Code::ExchangeNotFound`].
pub fn exchange(facts: &Facts, findings: &mut Vec<Finding>) -> Checked {
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

/// The installer is of this product, newer, the file that was meant, and signed; answers its version.
///
/// # Errors
/// What is wrong with it.
pub fn package(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    product: &str,
    findings: &mut Vec<Finding>,
) -> Result<Version, Failure> {
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let name = file.product.as_deref().unwrap_or("no product name");
    if !name.to_lowercase().contains(&product.to_lowercase()) {
        return Err(Failure::new(Code::PackageWrongProduct, "the installer is for another product")
            .expected(product)
            .found(name)
            .hint(format!("give the installer of {product}; a file without a product name may be damaged: download it again")));
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
    let version = package_version(file)?;
    if version <= installation.version {
        return Err(Failure::new(Code::VersionNotNewer, "the installer does not lead to a newer version")
            .expected(format!("later than {}", installation.version))
            .found(version.to_string())
            .hint("download the present version from the vendor"));
    }
    // Whom a signer's name belongs to is for the operator to see: a valid signature is asked for, its signer is shown,
    // and the plan holds the installer to the same signer.
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
            .shown("signature", other.to_string())
            .shown("accepted because", reason),
        ),
        (other, None) => {
            return Err(Failure::new(Code::PackageSignature, "the installer's signature does not hold")
                .expected("a valid signature")
                .found(other.to_string())
                .hint(
                    "download it again from the vendor; `--accept-unsigned REASON` goes on without the proof",
                ));
        }
    }
    Ok(version)
}

/// The version that an installer leads to.
///
/// # Errors
/// [`Code::PackageWrongVersion`].
pub fn package_version(file: &PackageFile) -> Result<Version, Failure> {
    Version::parse(file.version.as_deref().unwrap_or_default()).map_err(|why| {
        Failure::new(Code::PackageWrongVersion, "the installer's version cannot be read")
            .expected("numbers with dots")
            .found(why)
            .hint("see that it is the vendor's installer, and download it again")
    })
}

/// No restart is due, no installation runs, transport does.
///
/// # Errors
/// [`Code::NotReady`].
pub fn server(facts: &Facts, findings: &mut Vec<Finding>) -> Checked {
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
    Ok(())
}

/// Every agent's assembly is there. Each must be among the facts as a file.
///
/// # Errors
/// [`Code::AssemblyMissing`].
pub fn assemblies(installation: &Installation, facts: &Facts) -> Checked {
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

/// A backup of so many bytes has room, outside the product's folder.
///
/// # Errors
/// [`Code::BadArgument`], [`Code::DiskFull`].
pub fn room(installation: &Installation, facts: &Facts, target: &ServerPath, bytes: u64) -> Checked {
    if target.is_under(&installation.folder) {
        return Err(Failure::new(Code::BadArgument, "the backup would lie in the product's own folder")
            .expected(format!("a folder outside {}", installation.folder))
            .found(target.as_str())
            .hint("give another place with --backup-to"));
    }
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
