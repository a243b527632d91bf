//! What the vendor's pages and administrators' scripts name.

use mailsec_core::{
    host::{FileKind, FileStat},
    values::Version,
};

pub(crate) const ARTICLE: &str = "https://help.eset.com/emsl/6.5/en-US/installation_upgrade.htm";
pub(crate) const IN_PLACE_PAGE: &str = "https://help.eset.com/emsx/7.3/de-DE/installation_upgrade.html";
pub(crate) const PASSWORD_PAGE: &str = "https://help.eset.com/efsw/11.1/en-US/idh_config_password.html";
pub(crate) const CLUSTER_PAGE: &str = "https://help.eset.com/emsx/11.0/en-US/idh_cluster_page.html";
pub(crate) const COMMANDS_PAGE: &str = "https://support.eset.com/en/kb7277";

/// Its name.
pub const NAME: &str = "ESET Mail Security for Microsoft Exchange Server";
/// What the names of all its versions, and so the installed package's, contain.
pub(crate) const COMMON: &str = "ESET Mail Security";
/// The product for another mail server, which is called alike.
const OTHER: &str = "Domino";
/// The registry key in which ESET's products say what they are.
pub(crate) const INFO: &str = r"SOFTWARE\ESET\ESET Security\CurrentVersion\Info";
/// Its core service.
pub(crate) const SERVICE: &str = "ekrn";
/// The service of ESET's management agent.
pub(crate) const AGENT_SERVICE: &str = "EraAgentSvc";
/// The tool in its folder that exports and imports settings.
pub(crate) const TOOL: &str = "ecmd.exe";
/// The MSI property that takes the settings password.
pub(crate) const PASSWORD_PROPERTY: &str = "PASSWORD";
/// MSI properties that hold secrets, as administrators' scripts give them.
pub(crate) const SECRET_PROPERTIES: [&str; 2] = [PASSWORD_PROPERTY, "ACTIVATION_DATA"];
/// The secret that holds the settings password.
pub const SETTINGS_PASSWORD: &str = "eset-settings-password";

/// Whether a package or product of this name is the one for Exchange.
pub(crate) fn is_ours(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains(&COMMON.to_lowercase()) && !name.contains(&OTHER.to_lowercase())
}

/// Whether what is at the tool's place is a program, and not a folder of that name.
pub(crate) fn is_program(there: &FileStat) -> bool {
    there.kind == FileKind::File && there.size > 0
}

/// A version that is written here.
pub(crate) fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|why| unreachable!("{why}"))
}

/// Versions for which the vendor's advisory says to update at once: the first and the last of them.
pub(crate) fn vulnerable() -> (Version, Version) {
    (version("7.0.10019"), version("8.0.10016.0"))
}

/// Whether rules set up in `from` cannot be migrated to `to`.
pub(crate) fn drops_rules(from: &Version, to: &Version) -> bool {
    from.part(0) < 6 && to.part(0) >= 6
}

/// The version of the signature that a product takes (`XmlSignTool.exe /version`).
pub(crate) fn signature_version(product: &Version) -> u8 {
    if *product >= version("11.1") { 2 } else { 1 }
}

/// Build numbers look product-coded: those of the product for Exchange begin with 10.
pub(crate) fn build_fits(version: &Version) -> bool {
    version.part(2).to_string().starts_with("10")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_product_for_exchange_is_ours() {
        assert!(is_ours(NAME));
        for other in ["ESET Mail Security for IBM Domino", "ESET Server Security", "ESET Endpoint Security"] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn rules_are_lost_between_4_and_6_only() {
        let drops = |from, to| drops_rules(&version(from), &version(to));
        assert!(drops("4.5.10020", "6.5") && drops("4.2", "11.1"));
        assert!(!drops("4.2", "4.5") && !drops("6.5", "11.1") && !drops("7.3", "11.1"));
        assert_eq!([signature_version(&version("11.0.9")), signature_version(&version("11.1"))], [1, 2]);
    }
}
