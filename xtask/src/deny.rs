//! The rules in `deny.toml`. The file is cargo-deny's, so that whoever has that program and its data checks by the same
//! rules; only the part is read here that can be checked without any data.

use serde::Deserialize;

/// The rules.
#[derive(Debug, Deserialize)]
pub(crate) struct Deny {
    pub(crate) graph: Graph,
    pub(crate) advisories: Advisories,
    pub(crate) licenses: Licenses,
    pub(crate) bans: Bans,
}

/// What is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Graph {
    /// The systems that are built for. What other systems would need is no part of the program.
    pub(crate) targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Advisories {
    pub(crate) ignore: Vec<Ignored>,
}

/// A known advisory that is lived with.
#[derive(Debug, Deserialize)]
pub(crate) struct Ignored {
    pub(crate) id: String,
    /// `crate: why`.
    pub(crate) reason: String,
}

impl Ignored {
    /// The crate that it is about.
    pub(crate) fn package(&self) -> Option<&str> {
        let (name, why) = self.reason.split_once(": ")?;
        (!name.is_empty() && !name.contains(' ') && !why.trim().is_empty()).then_some(name)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Licenses {
    pub(crate) allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bans {
    pub(crate) deny: Vec<Banned>,
}

/// A crate that may not be there, or not twice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Banned {
    #[serde(rename = "crate")]
    pub(crate) package: String,
    #[serde(default)]
    pub(crate) deny_multiple_versions: bool,
    pub(crate) reason: String,
}

impl Deny {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("deny.toml cannot be read: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_this_repository_can_be_read() {
        let deny = Deny::parse(include_str!("../../deny.toml")).unwrap();
        assert!(deny.licenses.allow.iter().any(|name| name == "MIT"));
        assert!(deny.advisories.ignore.iter().all(|ignored| ignored.package().is_some()));
        assert!(deny.bans.deny.iter().all(|banned| !banned.reason.is_empty()));
    }

    #[test]
    fn a_reason_begins_with_the_crate() {
        let package = |reason: &str| {
            Ignored { id: String::new(), reason: reason.to_owned() }.package().map(str::to_owned)
        };
        assert_eq!(package("fxhash: by sled").as_deref(), Some("fxhash"));
        for reason in ["", "by sled", "fxhash:", "fxhash: ", "a hash: by sled"] {
            assert_eq!(package(reason), None, "{reason:?}");
        }
    }
}
