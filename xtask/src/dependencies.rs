//! Dependencies: their licences, where they come from, and what may not be there twice.

use crate::{
    deny::Deny,
    files,
    licence::Licence,
    metadata::{Metadata, Package},
    run::{self, Checked, Shop},
};
use std::{collections::BTreeSet, fs};

/// How cargo ends the name of the one registry; a mirror that stands in for it does not change that.
const REGISTRY: (&str, &str) = ("registry+", "/crates.io-index");

pub(crate) fn check(shop: &Shop) -> Checked {
    let rules = fs::read_to_string(shop.root.join("deny.toml"))
        .map_err(|error| format!("deny.toml cannot be read: {error}"))?;
    let rules = Deny::parse(&rules)?;
    let metadata = Metadata::of(shop, &rules.graph.targets)?;
    let wrong = broken(&metadata, &rules);
    let remark = format!("{} crates of others", metadata.foreign().count());
    files::verdict(&wrong, remark)?;
    // The same rules by the program they are written for; what needs data from elsewhere is left to people.
    if run::succeeds(&mut shop.cargo(["deny", "--version"])) {
        run::to_end(&mut shop.cargo(["deny", "--locked", "check", "licenses", "bans", "sources"]))?;
    }
    Ok(format!("{} crates of others", metadata.foreign().count()))
}

/// Everything that breaks a rule.
fn broken(metadata: &Metadata, rules: &Deny) -> Vec<String> {
    let mut wrong: Vec<String> =
        metadata.foreign().flat_map(|package| [licence(package, rules), source(package)]).flatten().collect();
    for banned in &rules.bans.deny {
        let versions: BTreeSet<&str> = metadata
            .foreign()
            .filter(|package| package.name == banned.package)
            .map(|package| package.version.as_str())
            .collect();
        let limit = usize::from(banned.deny_multiple_versions);
        if versions.len() > limit {
            let found: Vec<&str> = versions.into_iter().collect();
            wrong.push(format!(
                "{} {}: at most {limit} may be there, because {}",
                banned.package,
                found.join(" and "),
                banned.reason
            ));
        }
    }
    for ignored in &rules.advisories.ignore {
        match ignored.package() {
            None => wrong.push(format!("{}: the reason must read \"crate: why\"", ignored.id)),
            Some(name) if !metadata.foreign().any(|package| package.name == name) => {
                wrong.push(format!("{}: {name} is no dependency any more; remove the line", ignored.id));
            }
            Some(_) => {}
        }
    }
    wrong
}

fn licence(package: &Package, rules: &Deny) -> Option<String> {
    let (name, version) = (&package.name, &package.version);
    let Some(written) = &package.license else { return Some(format!("{name} {version} names no licence")) };
    match Licence::parse(written) {
        Ok(licence) if licence.is_allowed(&rules.licenses.allow) => None,
        Ok(_) => Some(format!("{name} {version} has the licence {written}, which is not in deny.toml")),
        Err(why) => {
            Some(format!("{name} {version} has the licence {written:?}, which cannot be read: {why}"))
        }
    }
}

fn source(package: &Package) -> Option<String> {
    let source = package.source.as_deref().unwrap_or("a folder outside the workspace");
    (!source.starts_with(REGISTRY.0) || !source.ends_with(REGISTRY.1))
        .then(|| format!("{} {} comes from {source}", package.name, package.version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::tests::sample;

    const GOOD: &str = "registry+https://example.org/crates.io-index";
    const RULES: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        [advisories]
        ignore = [{ id = "A-1", reason = "old: why" }]
        [licenses]
        allow = ["MIT"]
        [bans]
        deny = [
            { crate = "once", deny-multiple-versions = true, reason = "r" },
            { crate = "never", reason = "r" },
        ]
    "#;

    fn found(foreign: &[(&str, &str, Option<&str>, &str)]) -> Vec<String> {
        let old = ("old", "1.0.0", Some("MIT"), GOOD);
        broken(&sample(&[&[old], foreign].concat()), &Deny::parse(RULES).unwrap())
    }

    #[test]
    fn what_keeps_the_rules_is_not_named() {
        assert_eq!(found(&[("once", "1.0.0", Some("MIT OR ISC"), GOOD)]), [""; 0]);
    }

    #[test]
    fn licence_and_source_are_checked() {
        assert_eq!(found(&[("a", "1.0.0", None, GOOD)]).len(), 1);
        assert_eq!(found(&[("a", "1.0.0", Some("GPL-3.0"), GOOD)]).len(), 1);
        assert_eq!(found(&[("a", "1.0.0", Some("MIT AND"), GOOD)]).len(), 1);
        assert_eq!(found(&[("a", "1.0.0", Some("MIT"), "git+https://example.org/a")]).len(), 1);
        assert_eq!(found(&[("a", "1.0.0", Some("MIT"), "registry+https://example.org/other")]).len(), 1);
    }

    #[test]
    fn what_may_be_there_once_or_never_is_counted() {
        let (one, two) = (("once", "1.0.0", Some("MIT"), GOOD), ("once", "2.0.0", Some("MIT"), GOOD));
        assert_eq!(found(&[one, two]).len(), 1);
        assert_eq!(found(&[("never", "1.0.0", Some("MIT"), GOOD)]).len(), 1);
    }

    #[test]
    fn an_advisory_does_not_outlive_its_crate() {
        let wrong = broken(&sample(&[]), &Deny::parse(RULES).unwrap());
        assert_eq!(wrong, ["A-1: old is no dependency any more; remove the line"]);
    }
}
