//! Paths on the server, which is Windows whatever this program runs on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A path on the mail server, with Windows rules: `\` between names, compared without case.
///
/// `std::path` follows the machine that compiles the program; a plan made in a simulation on Linux must read the
/// same on the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ServerPath(Arc<str>);

impl ServerPath {
    /// Takes a path as it is; a trailing `\` goes, `/` becomes `\`.
    #[must_use]
    pub fn new(path: impl AsRef<str>) -> Self {
        let mut path = path.as_ref();
        while path.len() > 3 && path.ends_with(['\\', '/']) {
            path = &path[..path.len() - 1];
        }
        if path.contains('/') { Self(path.replace('/', "\\").into()) } else { Self(path.into()) }
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This path with more names behind it.
    #[must_use]
    pub fn join(&self, rest: &str) -> Self {
        Self::new([self.0.trim_end_matches('\\'), "\\", rest.trim_matches(['\\', '/'])].concat())
    }

    /// The last name.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('\\').next().unwrap_or(&self.0)
    }

    /// The folder that holds it; none for a drive's root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (parent, name) = self.0.rsplit_once('\\')?;
        if name.is_empty() {
            return None;
        }
        Some(if parent.ends_with(':') { Self(format!("{parent}\\").into()) } else { Self(parent.into()) })
    }

    /// Whether it lies in `folder`, at any depth, or is `folder`.
    #[must_use]
    pub fn is_under(&self, folder: &Self) -> bool {
        self.below(folder).is_some()
    }

    /// What remains of the path below `folder`; empty for `folder` itself.
    #[must_use]
    pub fn below(&self, folder: &Self) -> Option<&str> {
        let base = folder.0.trim_end_matches('\\');
        let head = self.0.get(..base.len())?;
        if !head.eq_ignore_ascii_case(base) {
            return None;
        }
        match self.0[base.len()..].strip_prefix('\\') {
            Some(rest) => Some(rest),
            None if self.0.len() == base.len() => Some(""),
            None => None,
        }
    }

    /// Whether both name the same file.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Whether it starts at a drive (`C:\`) or a share (`\\server\share`).
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        let bytes = self.0.as_bytes();
        self.is_unc() || (bytes.len() >= 3 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":\\")
    }

    /// Whether it lies on a share. Exchange refuses agents whose assembly does
    /// (`Install-TransportAgent`, parameter `AssemblyPath`).
    #[must_use]
    pub fn is_unc(&self) -> bool {
        self.0.starts_with("\\\\")
    }
}

impl fmt::Display for ServerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for ServerPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_rules_hold_on_every_machine() {
        let folder = ServerPath::new("C:/Program Files (x86)/VIPRE Email Security/");
        assert_eq!(folder.as_str(), r"C:\Program Files (x86)\VIPRE Email Security");
        let file = folder.join("Settings").join("a.xml");
        assert_eq!(
            file.below(&ServerPath::new(r"c:\program files (X86)\vipre email security")),
            Some(r"Settings\a.xml")
        );
        assert!(!ServerPath::new(r"C:\Program Files (x86)\VIPRE Email Security 2\x").is_under(&folder));
        assert_eq!(ServerPath::new(r"C:\a").parent(), Some(ServerPath::new(r"C:\")));
        assert_eq!(ServerPath::new(r"C:\").parent(), None);
        assert!(file.is_under(&ServerPath::new(r"C:\")));
        assert!(ServerPath::new(r"\\srv\share\x.dll").is_unc());
        assert!(!ServerPath::new("Settings").is_absolute());
    }
}
