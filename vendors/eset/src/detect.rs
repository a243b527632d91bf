//! What is installed.

use crate::names;
use mailsec_core::{
    Failure,
    failure::Code,
    host::{InstalledPackage, RegistryView, Service},
    product::{FactQuery, Facts, Installation},
    values::{ServerPath, Version},
};

const VIEWS: [RegistryView; 2] = [RegistryView::Wide, RegistryView::Narrow];
const VALUES: [&str; 4] = ["ProductName", "ProductVersion", "InstallDir", "ProductCode"];

/// What the detection asks of the registry.
pub(crate) fn facts_wanted() -> impl Iterator<Item = FactQuery> {
    VIEWS.into_iter().flat_map(|view| VALUES.into_iter().map(move |name| value(view, name)))
}

fn value(view: RegistryView, name: &str) -> FactQuery {
    FactQuery::Registry(view, names::INFO.to_owned(), name.to_owned())
}

/// What the product says of itself.
#[derive(Default)]
struct Info {
    version: Option<String>,
    folder: Option<ServerPath>,
    code: Option<String>,
}

/// The key is common to ESET's products; it counts only where it names the one for Exchange.
fn info(facts: &Facts) -> Result<Option<Info>, Failure> {
    for view in VIEWS {
        let read = |name: &str| -> Result<Option<String>, Failure> {
            let text = facts.registry(&value(view, name))?.clone();
            Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
        };
        if read("ProductName")?.is_some_and(|name| names::is_ours(&name)) {
            return Ok(Some(Info {
                version: read("ProductVersion")?,
                folder: read("InstallDir")?.map(ServerPath::new).filter(ServerPath::is_absolute),
                code: read("ProductCode")?,
            }));
        }
    }
    Ok(None)
}

pub(crate) fn detect(facts: &Facts) -> Result<Option<Installation>, Failure> {
    let info = info(facts)?;
    let package = facts.packages(&FactQuery::Packages)?.iter().find(|package| names::is_ours(&package.name));
    if info.is_none() && package.is_none() {
        return Ok(None);
    }
    let info = info.unwrap_or_default();
    let services = facts.services(&FactQuery::Services)?;
    let core = services.iter().find(|service| service.name.as_str().eq_ignore_ascii_case(names::SERVICE));
    let version = version(&info, package)?;
    let (folder, folder_found) = folder(&info, package, core)?;
    let own = |service: &&Service| {
        service.name.as_str().eq_ignore_ascii_case(names::SERVICE)
            || service.image.as_ref().is_some_and(|image| image.is_under(&folder))
    };
    let agents = facts.agents(&FactQuery::Agents)?.iter();
    Ok(Some(Installation {
        name: package.map_or(names::NAME, |package| package.name.as_str()).to_owned(),
        version,
        services: services.iter().filter(own).cloned().collect(),
        agents: agents.filter(|agent| agent.assembly.is_under(&folder)).cloned().collect(),
        product_code: info.code.or_else(|| package.map(|package| package.key.clone())).filter(is_code),
        folder,
        folder_found,
    }))
}

#[allow(clippy::ptr_arg, reason = "a filter of an Option<String>")]
fn is_code(key: &String) -> bool {
    key.starts_with('{') && key.ends_with('}')
}

fn version(info: &Info, package: Option<&InstalledPackage>) -> Result<Version, Failure> {
    let text = info.version.as_deref().or(package.map(|package| package.version.as_str()));
    Version::parse(text.unwrap_or_default()).map_err(|why| {
        Failure::new(Code::VersionUnsupported, format!("the version of {} cannot be read", names::COMMON))
            .expected("numbers with dots")
            .found(why)
            .hint("an installation or removal that broke off looks like this; repair it with the vendor's installer first")
    })
}

/// From the product's own key, else from the package, else from the service's program. No source names a default.
fn folder(
    info: &Info,
    package: Option<&InstalledPackage>,
    core: Option<&Service>,
) -> Result<(ServerPath, String), Failure> {
    if let Some(folder) = &info.folder {
        return Ok((folder.clone(), format!(r"InstallDir in HKLM\{}", names::INFO)));
    }
    let location = package.and_then(|package| package.location.as_ref()).filter(|path| path.is_absolute());
    if let Some(folder) = location {
        return Ok((folder.clone(), "InstallLocation of the package".to_owned()));
    }
    if let Some(folder) = core.and_then(|service| service.image.as_ref()).and_then(ServerPath::parent) {
        return Ok((folder, format!("the program of the service {}", names::SERVICE)));
    }
    Err(Failure::new(Code::ProductNotFound, "the product is listed as installed, and its folder is not known")
        .expected(format!(r"InstallDir in HKLM\{}, or the service {}", names::INFO, names::SERVICE))
        .found("neither")
        .hint("an installation or removal that broke off looks like this; repair it with the vendor's installer first"))
}
