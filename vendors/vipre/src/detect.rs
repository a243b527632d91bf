//! What is installed.

use crate::names;
use mailsec_core::{
    Failure,
    failure::Code,
    host::{Agent, InstalledPackage, Service},
    product::{FactQuery, Facts, Installation},
    values::{ServerPath, Version},
};

pub(crate) fn detect(facts: &Facts) -> Result<Option<Installation>, Failure> {
    let services = facts.services(&FactQuery::Services)?;
    let manager = services.iter().find(|service| service.display.eq_ignore_ascii_case(names::PLUGIN_MANAGER));
    let Some((package, version)) = package(facts.packages(&FactQuery::Packages)?)? else {
        return match manager {
            None => Ok(None),
            Some(service) => Err(Failure::new(Code::ProductNotFound, "the product's service is there, its package is not")
                .expected(format!("an installed package named {}", names::COMMON))
                .found(format!("the service {} only", service.name))
                .hint("an installation or removal that broke off looks like this; repair it with the vendor's installer first")),
        };
    };
    let (folder, folder_found) = folder(package, manager);
    let agents: Vec<Agent> = facts
        .agents(&FactQuery::Agents)?
        .iter()
        .filter(|agent| agent.assembly.is_under(&folder))
        .cloned()
        .collect();
    let own = |service: &&Service| {
        service.display.eq_ignore_ascii_case(names::PLUGIN_MANAGER)
            || service.image.as_ref().is_some_and(|image| image.is_under(&folder))
    };
    Ok(Some(Installation {
        name: names::name_of(&version).to_owned(),
        version,
        services: services.iter().filter(own).cloned().collect(),
        agents,
        folder,
        folder_found,
        product_code: package.key.starts_with('{').then(|| package.key.clone()),
    }))
}

fn package(packages: &[InstalledPackage]) -> Result<Option<(&InstalledPackage, Version)>, Failure> {
    let mut best: Option<(&InstalledPackage, Version)> = None;
    for package in packages.iter().filter(|p| p.name.to_lowercase().contains(&names::COMMON.to_lowercase())) {
        let version = Version::parse(&package.version).map_err(|why| {
            Failure::new(Code::VersionUnsupported, format!("the version of {} cannot be read", package.name))
                .expected("numbers with dots")
                .found(why)
                .hint("an installation or removal that broke off looks like this; repair it with the vendor's installer first")
        })?;
        if best.as_ref().is_none_or(|(_, other)| version > *other) {
            best = Some((package, version));
        }
    }
    Ok(best)
}

/// From the package, else from the service's program, else the default, which is said.
fn folder(package: &InstalledPackage, manager: Option<&Service>) -> (ServerPath, String) {
    if let Some(folder) = package.location.as_ref().filter(|folder| folder.is_absolute()) {
        return (folder.clone(), "InstallLocation of the package".to_owned());
    }
    if let Some(folder) = manager.and_then(|service| service.image.as_ref()).and_then(ServerPath::parent) {
        return (folder, format!("the program of the service {}", names::PLUGIN_MANAGER));
    }
    (names::DEFAULT_FOLDER.into(), "the vendor's default folder; the installation does not say".to_owned())
}

/// The service whose account matters.
pub(crate) fn plugin_manager(installation: &Installation) -> Option<&Service> {
    installation.services.iter().find(|service| service.display.eq_ignore_ascii_case(names::PLUGIN_MANAGER))
}
