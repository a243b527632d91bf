//! Entries of the Uninstall keys
//! (<https://learn.microsoft.com/windows/win32/msi/uninstall-registry-key>).

use mailsec_core::{host::InstalledPackage, values::ServerPath};

/// The key that holds one subkey per installed product, below `HKEY_LOCAL_MACHINE` in both views.
pub const UNINSTALL: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// Reads one entry; `value` gives the entry's values by name. Entries without a `DisplayName` are parts of other
/// products (updates, components) and are left out, as Windows' own list leaves them out.
#[must_use]
pub fn entry(key: &str, value: impl Fn(&str) -> Option<String>) -> Option<InstalledPackage> {
    let text = |name: &str| value(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    Some(InstalledPackage {
        key: key.to_owned(),
        name: text("DisplayName")?,
        version: text("DisplayVersion").unwrap_or_default(),
        publisher: text("Publisher").unwrap_or_default(),
        // Some installers write the folder with quotes around it.
        location: text("InstallLocation")
            .map(|v| v.trim_matches('"').to_owned())
            .filter(|v| !v.is_empty())
            .map(ServerPath::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_needs_its_name_only() {
        let of = |pairs: &'static [(&str, &str)]| {
            entry("{K}", |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(of(&[("DisplayVersion", "1")]), None);
        assert_eq!(of(&[("DisplayName", " ")]), None);
        let found =
            of(&[("DisplayName", "P"), ("DisplayVersion", "4.5"), ("InstallLocation", "\"C:\\P\\\"")])
                .unwrap();
        assert_eq!((found.version.as_str(), found.location), ("4.5", Some(ServerPath::new(r"C:\P"))));
    }
}
