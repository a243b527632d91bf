//! What the vendor's article names.

use mailsec_core::values::{ServerPath, Version};

pub(crate) const ARTICLE: &str = "https://vipre.freshdesk.com/support/solutions/articles/1000070649-how-to-upgrade-vipre-email-security-for-exchange";
/// Its name up to 4.5.
pub(crate) const OLD: &str = "VIPRE Email Security for Exchange";
/// Its name after 4.5.
pub(crate) const NEW: &str = "VIPRE Email Security - Server Edition";
/// What both names, and so the installed package's, contain.
pub(crate) const COMMON: &str = "VIPRE Email Security";

/// Display name of the service whose log-on account matters. Its short name stands in no source.
pub const PLUGIN_MANAGER: &str = "VIPRE Email Security Plugin Manager";
/// Where it is installed unless somebody chose another folder.
pub const DEFAULT_FOLDER: &str = r"C:\Program Files (x86)\VIPRE Email Security";
/// Where the custom rules are exported to unless the operator says otherwise.
pub(crate) const RULES_EXPORT: &str = r"C:\ProgramData\mailsec\export\custom-rules.export";
/// The secret that holds the service account's password.
pub const SERVICE_PASSWORD: &str = "service-account-password";

/// The name that belongs to a version: the split is at 4.5.
#[must_use]
pub fn name_of(version: &Version) -> &'static str {
    match Version::parse("4.5") {
        Ok(split) if version.release() > split => NEW,
        _ => OLD,
    }
}

/// The folder that the article has people copy.
pub(crate) fn settings(folder: &ServerPath) -> ServerPath {
    folder.join("Settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_changes_after_4_5() {
        let name = |text| name_of(&Version::parse(text).unwrap());
        assert_eq!(name("4.0"), OLD);
        assert_eq!(name("4.5"), OLD);
        assert_eq!(name("4.5.1234.0"), OLD);
        assert_eq!(name("4.6"), NEW);
        assert_eq!(name("4.10"), NEW);
        assert_eq!(name("5.1.200"), NEW);
    }
}
