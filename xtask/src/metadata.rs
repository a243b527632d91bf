//! What cargo says of the workspace and its dependencies.

use crate::run::{self, Shop};
use serde::Deserialize;

/// The part of `cargo metadata` that is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

/// A package, the workspace's own among them.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it comes from; `None` for one of the workspace.
    pub(crate) source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// Only there: `cfg(windows)`, say.
    target: Option<String>,
}

impl Metadata {
    /// Asks cargo, which fails when `Cargo.lock` does not fit the manifests.
    pub(crate) fn read(shop: &Shop) -> Result<Self, String> {
        Self::of(shop, &[])
    }

    /// As [`Metadata::read`], without what none of these systems needs.
    pub(crate) fn of(shop: &Shop, systems: &[String]) -> Result<Self, String> {
        let mut cargo = shop.cargo(["metadata", "--locked", "--format-version", "1"]);
        for system in systems {
            cargo.args(["--filter-platform", system]);
        }
        let bytes = run::output(&mut cargo)?;
        serde_json::from_slice(&bytes).map_err(|error| format!("cargo's metadata cannot be read: {error}"))
    }

    /// The packages of the workspace.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// All others.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| !self.workspace_members.contains(&package.id))
    }
}

impl Package {
    /// Whether it names another as a dependency, for tests too.
    pub(crate) fn needs(&self, name: &str) -> bool {
        self.dependencies.iter().any(|dependency| dependency.name == name)
    }

    /// Whether some of its dependencies are there on Windows only.
    pub(crate) fn is_of_windows(&self) -> bool {
        self.dependencies.iter().any(|dependency| dependency.target.as_deref() == Some("cfg(windows)"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A workspace with one package `own`, and these others: name, version, licence, source.
    pub(crate) fn sample(foreign: &[(&str, &str, Option<&str>, &str)]) -> Metadata {
        let mut packages: Vec<serde_json::Value> = foreign
            .iter()
            .map(|(name, version, license, source)| {
                serde_json::json!({
                    "id": format!("{source}#{name}@{version}"), "name": name, "version": version,
                    "license": license, "source": source, "dependencies": [],
                })
            })
            .collect();
        packages.push(serde_json::json!({
            "id": "own", "name": "own", "version": "0.1.0", "license": "MIT", "source": null,
            "dependencies": [{ "name": "serde", "target": null }, { "name": "os", "target": "cfg(windows)" }],
        }));
        serde_json::from_value(serde_json::json!({ "packages": packages, "workspace_members": ["own"] }))
            .unwrap()
    }

    #[test]
    fn own_and_foreign_packages_are_told_apart() {
        let metadata = sample(&[("serde", "1.0.0", Some("MIT"), "registry+x")]);
        let own: Vec<_> = metadata.own().collect();
        assert_eq!((own.len(), own[0].name.as_str()), (1, "own"));
        assert!(own[0].needs("serde") && !own[0].needs("sled") && own[0].is_of_windows());
        assert_eq!(metadata.foreign().count(), 1);
    }
}
