use crate::permit;
use mailsec_core::{
    Code,
    host::{Host, InstallRequest, InstallerOutcome, PackageKind, UninstallRequest},
    values::{Digest, ServerPath},
};
use std::time::Duration;

/// An installer, looked at and, where the host may, run.
#[derive(Clone, Debug)]
pub struct PackagesFixture {
    /// An MSI package that is not installed.
    pub package: ServerPath,
    /// Its `ProductName`.
    pub product: String,
    /// Its `ProductVersion`.
    pub version: String,
    /// Its `ProductCode`.
    pub code: String,
    /// Properties that it needs.
    pub properties: Vec<String>,
    /// A file that does not exist.
    pub missing: ServerPath,
    /// Where logs may be written.
    pub log: ServerPath,
    /// Whether it may be installed and removed.
    pub run: bool,
}

/// Packages: looking changes nothing, an installed package is listed, and a removed one is not.
pub async fn packages(host: &dyn Host, fixture: &PackagesFixture) {
    let packages = host.packages();
    let limit = Duration::from_secs(600);
    assert_eq!(packages.inspect(&fixture.missing).await.unwrap_err().code, Code::PackageMissing);
    let seen = packages.inspect(&fixture.package).await.unwrap();
    assert!(seen.path.same(&fixture.package));
    assert_eq!(seen.kind, PackageKind::Msi);
    assert_eq!(seen.product.as_deref(), Some(fixture.product.as_str()));
    assert_eq!(seen.version.as_deref(), Some(fixture.version.as_str()));
    assert!(seen.product_code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case(&fixture.code)));
    let content = host.files().read(&fixture.package, seen.size).await.unwrap();
    assert_eq!(seen.digest, Digest::of(&content));
    assert_eq!(packages.inspect(&fixture.package).await.unwrap(), seen, "looking changes nothing");
    assert!(!packages.busy().await.unwrap());
    let listed = async || {
        let installed = packages.installed().await.unwrap();
        installed.into_iter().find(|package| package.key.eq_ignore_ascii_case(&fixture.code))
    };
    assert!(listed().await.is_none(), "the fixture's package is not installed yet");
    let removal =
        || UninstallRequest { product_code: &fixture.code, secret_properties: &[], log: &fixture.log, limit };
    if !fixture.run {
        return;
    }
    let not_there = packages.uninstall(&permit(), removal()).await.unwrap();
    assert_eq!(not_there, InstallerOutcome::Failed(1605), "removing what is not installed");

    let request = InstallRequest {
        package: &fixture.package,
        kind: PackageKind::Msi,
        arguments: &fixture.properties,
        secret_properties: &[],
        log: &fixture.log,
        limit,
    };
    assert!(packages.install(&permit(), request).await.unwrap().succeeded());
    let found = listed().await.expect("what is installed is listed");
    assert_eq!((found.name, found.version), (fixture.product.clone(), fixture.version.clone()));
    assert!(host.files().stat(&fixture.log).await.unwrap().is_some(), "the installer's log is kept");
    assert!(packages.uninstall(&permit(), removal()).await.unwrap().succeeded());
    assert!(listed().await.is_none());
    host.files().remove(&permit(), &fixture.log).await.unwrap();
}
