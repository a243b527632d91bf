//! What is installed.

use crate::names;
use mailsec_core::{
    Failure,
    failure::Code,
    host::InstalledPackage,
    product::{FactQuery, Facts, Installation},
    values::{ServerPath, Version},
};

const REPAIR: &str = "repair the installation with the vendor's installer first";

pub(crate) fn detect(facts: &Facts) -> Result<Option<Installation>, Failure> {
    let packages = facts.packages(&FactQuery::Packages)?;
    let Some(package) = packages.iter().find(|package| package.name.contains(names::NAME)) else {
        return Ok(None);
    };
    let version = Version::parse(&package.version).map_err(|why| {
        Failure::new(Code::VersionUnsupported, format!("the version of {} cannot be read", package.name))
            .expected("numbers with dots")
            .found(why)
            .hint(REPAIR)
    })?;
    let folder = folder(package)?;
    let services = facts.services(&FactQuery::Services)?.iter();
    let agents = facts.agents(&FactQuery::Agents)?.iter();
    Ok(Some(Installation {
        name: package.name.clone(),
        version,
        services: services
            .filter(|service| service.image.as_ref().is_some_and(|image| image.is_under(&folder)))
            .cloned()
            .collect(),
        agents: agents.filter(|agent| agent.assembly.is_under(&folder)).cloned().collect(),
        folder,
        folder_found: "InstallLocation of the package".to_owned(),
        product_code: package.key.starts_with('{').then(|| package.key.clone()),
    }))
}

/// Where no source names a default, none is invented.
fn folder(package: &InstalledPackage) -> Result<ServerPath, Failure> {
    package.location.clone().filter(ServerPath::is_absolute).ok_or_else(|| {
        Failure::new(Code::ProductNotFound, format!("the folder of {} is not known", package.name))
            .expected("InstallLocation of the installed package")
            .found("none")
            .hint(REPAIR)
    })
}
