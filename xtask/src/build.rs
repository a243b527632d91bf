//! What cargo does.

use crate::{
    metadata::Metadata,
    needs::TARGET,
    run::{self, Checked, Shop},
};

/// Crates with code that Windows alone compiles.
const OF_WINDOWS: [&str; 3] = ["mailsec", "mailsec-windows", "mailsec-lab-standins"];
/// The crate that needs Wine; what depends on it needs Wine as well.
const LAB: &str = "mailsec-lab";

pub(crate) fn lock(shop: &Shop) -> Checked {
    let metadata = Metadata::read(shop).map_err(|error| {
        format!("{error}\nif Cargo.lock does not fit the manifests: run `cargo check` and commit it")
    })?;
    Ok(format!("{} crates of the workspace", metadata.own().count()))
}

pub(crate) fn fmt(shop: &Shop) -> Checked {
    run::to_end(&mut shop.cargo(["fmt", "--all", "--check"]))
        .map_err(|error| format!("{error}\nrun `cargo fmt --all`"))?;
    Ok(String::new())
}

pub(crate) fn clippy(shop: &Shop) -> Checked {
    let arguments =
        ["clippy", "--locked", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    run::to_end(&mut shop.cargo(arguments))?;
    Ok(String::new())
}

pub(crate) fn clippy_windows(shop: &Shop) -> Checked {
    let metadata = Metadata::read(shop)?;
    if let Some(other) =
        metadata.own().find(|package| package.is_of_windows() && !OF_WINDOWS.contains(&package.name.as_str()))
    {
        return Err(format!(
            "{} has dependencies of Windows and is not linted for it: add it to xtask/src/build.rs",
            other.name
        ));
    }
    let crates: Vec<&str> = metadata
        .own()
        .map(|package| package.name.as_str())
        .filter(|name| OF_WINDOWS.contains(name))
        .collect();
    let mut command = shop.cargo(["clippy", "--locked", "--all-targets", "--target", TARGET]);
    for name in &crates {
        command.args(["--package", name]);
    }
    run::to_end(command.args(["--", "-D", "warnings"]))?;
    Ok(crates.join(", "))
}

pub(crate) fn test(shop: &Shop) -> Checked {
    let metadata = Metadata::read(shop)?;
    let mut command = shop.cargo(["test", "--locked", "--workspace", "--no-fail-fast"]);
    for name in of_lab(&metadata) {
        command.args(["--exclude", name]);
    }
    run::to_end(&mut command)?;
    Ok(String::new())
}

pub(crate) fn lab(shop: &Shop) -> Checked {
    let metadata = Metadata::read(shop)?;
    let crates = of_lab(&metadata);
    let mut command = shop.cargo(["test", "--locked", "--no-fail-fast"]);
    for name in &crates {
        command.args(["--package", name]);
    }
    run::to_end(&mut command)?;
    Ok(crates.join(", "))
}

/// Crates whose tests need Wine.
fn of_lab(metadata: &Metadata) -> Vec<&str> {
    metadata
        .own()
        .filter(|package| package.name == LAB || package.needs(LAB))
        .map(|package| package.name.as_str())
        .collect()
}

pub(crate) fn doc(shop: &Shop) -> Checked {
    let mut command = shop.cargo(["doc", "--locked", "--workspace", "--no-deps"]);
    run::to_end(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(String::new())
}
