//! What the stages need beside cargo: Debian packages, the target for Windows, cargo's own components.

use crate::{
    book,
    run::{self, Checked, Shop},
};
use std::{env, path::Path};

/// The target that the program is shipped for.
pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";

/// What builds the book, and its version: another one would make other pages.
const MDBOOK: (&str, &str) = ("mdbook", "0.5.4");
/// Where programs of the project's own are installed.
pub(crate) const TOOLS: &str = "target/tools";

/// A Debian package.
struct Need {
    package: &'static str,
    /// Any of these shows that it is there: a program in the path, or a file.
    shown_by: &'static [&'static str],
    why: &'static str,
}

/// All packages that any test needs.
const NEEDS: [Need; 14] = [
    Need { package: "wine", shown_by: &["wine"], why: "runs the Windows build in the lab" },
    Need { package: "wine64", shown_by: &["wine64", "/usr/lib/wine/wine64"], why: "the 64-bit side of wine" },
    Need { package: "wixl", shown_by: &["wixl"], why: "builds the lab's MSI packages" },
    Need { package: "msitools", shown_by: &["msibuild"], why: "alters and reads MSI packages" },
    Need {
        package: "gcc-mingw-w64-x86-64",
        shown_by: &["x86_64-w64-mingw32-gcc"],
        why: "links programs for Windows",
    },
    Need {
        package: "samba-ad-dc",
        shown_by: &["samba", "/usr/sbin/samba"],
        why: "the domain controllers of the tests",
    },
    Need {
        package: "samba-ad-provision",
        shown_by: &["/usr/share/samba/setup/provision.ldif"],
        why: "what a new domain is made of; samba-ad-dc only recommends it",
    },
    Need { package: "openssl", shown_by: &["openssl"], why: "makes the domain controller's certificate" },
    Need { package: "groff-base", shown_by: &["groff"], why: "reads the manual's pages" },
    Need { package: "chromium", shown_by: &["chromium"], why: "looks at the pages that the program writes" },
    Need {
        package: "npm",
        shown_by: &["npm"],
        why: "fetches axe-core, by whose rules the pages are checked",
    },
    Need {
        package: "postfix",
        shown_by: &["postfix", "/usr/sbin/postfix"],
        why: "takes mail in for the proof of scanning",
    },
    Need {
        package: "dovecot-imapd",
        shown_by: &["/usr/lib/dovecot/imap"],
        why: "shows the mailbox of the proof of scanning",
    },
    Need { package: "strace", shown_by: &["strace"], why: "counts the journal's flushes to the device" },
];

/// A command that installs something, as words.
type Words = Vec<&'static str>;

pub(crate) fn check(shop: &Shop) -> Checked {
    let missing = missing(shop)?;
    if missing.is_empty() {
        return Ok("all there".to_owned());
    }
    for (what, why, _) in &missing {
        println!("missing: {what} ({why})");
    }
    let commands = commands(&missing);
    let advice = advice(&commands);
    if !shop.install {
        return Err(format!("{} are missing\n{advice}", missing.len()));
    }
    for command in &commands {
        install(shop, command).map_err(|error| format!("{error}\n{advice}"))?;
    }
    let left = self::missing(shop)?;
    match left.as_slice() {
        [] => Ok(format!("{} installed", missing.len())),
        left => {
            let names: Vec<&str> = left.iter().map(|(what, _, _)| *what).collect();
            Err(format!("still missing after the installation: {}\n{advice}", names.join(", ")))
        }
    }
}

/// How something is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Apt,
    Component,
    Target,
    Cargo,
}

/// What, why, and how to get it.
type Missing = (&'static str, &'static str, By);

fn missing(shop: &Shop) -> Result<Vec<Missing>, String> {
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let is_there = |need: &&Need| {
        need.shown_by.iter().any(|name| folders.iter().any(|folder| folder.join(name).is_file()))
    };
    let mut missing: Vec<Missing> =
        NEEDS.iter().filter(|need| !is_there(need)).map(|need| (need.package, need.why, By::Apt)).collect();
    for (component, why) in [("rustfmt", "formats the code"), ("clippy", "lints the code")] {
        let program = if component == "rustfmt" { "fmt" } else { component };
        if !run::succeeds(&mut shop.cargo([program, "--version"])) {
            missing.push((component, why, By::Component));
        }
    }
    let mut ask = shop.program(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let sysroot = run::output(ask.args(["--print", "sysroot"]))?;
    let sysroot = String::from_utf8_lossy(&sysroot);
    if !Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        missing.push((TARGET, "the target that the program is shipped for", By::Target));
    }
    let (name, version) = MDBOOK;
    let shown = format!("{name} v{version}");
    let there = book::program(shop).arg("--version").output();
    if there.is_ok_and(|there| String::from_utf8_lossy(&there.stdout).trim() == shown) {
        return Ok(missing);
    }
    missing.push((name, "builds the book", By::Cargo));
    Ok(missing)
}

/// The commands that install what is missing.
fn commands(missing: &[Missing]) -> Vec<Words> {
    let of = |by: By| missing.iter().filter(move |(_, _, how)| *how == by).map(|(what, _, _)| *what);
    let mut commands = Vec::new();
    if of(By::Apt).next().is_some() {
        commands.push(vec!["apt-get", "update"]);
        commands.push(
            ["apt-get", "install", "-y", "--no-install-recommends"].into_iter().chain(of(By::Apt)).collect(),
        );
    }
    for (by, kind) in [(By::Component, "component"), (By::Target, "target")] {
        if of(by).next().is_some() {
            commands.push(["rustup", kind, "add"].into_iter().chain(of(by)).collect());
        }
    }
    if of(By::Cargo).next().is_some() {
        let (name, version) = MDBOOK;
        commands.push(vec![
            "cargo",
            "install",
            name,
            "--version",
            version,
            "--locked",
            "--no-default-features",
            // The book is small, and building the builder is what takes its time.
            "--debug",
            "--root",
            TOOLS,
        ]);
    }
    commands
}

fn advice(commands: &[Words]) -> String {
    let mut lines = vec!["to install them:".to_owned()];
    lines.extend(commands.iter().map(|words| format!("  {}", words.join(" "))));
    if commands.iter().any(|words| words.contains(&TARGET)) {
        lines.push(format!(
            "where rustup cannot fetch the target, Debian's rustc-web, cargo-web and rust-web-src build it with its \
             standard library:\n  RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 /usr/bin/cargo -Zbuild-std=std,panic_unwind \
             build --target {TARGET}"
        ));
    }
    lines.join("\n")
}

/// Runs one of the commands; apt as root.
fn install(shop: &Shop, words: &[&str]) -> Result<(), String> {
    let (name, arguments) = words.split_first().ok_or("there is nothing to run")?;
    let mut command = match *name {
        "apt-get" if !is_root(shop) => {
            if !run::succeeds(shop.program("sudo").args(["-n", "true"])) {
                return Err(
                    "packages are installed by root, and sudo without a password is not to be had".to_owned()
                );
            }
            let mut command = shop.program("sudo");
            command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", name]);
            command
        }
        "cargo" => shop.cargo([]),
        _ => shop.program(*name),
    };
    run::to_end(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root(shop: &Shop) -> bool {
    run::output(shop.program("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_once_and_say_why() {
        for need in &NEEDS {
            assert!(!need.why.is_empty() && !need.shown_by.is_empty(), "{}", need.package);
            assert_eq!(NEEDS.iter().filter(|other| other.package == need.package).count(), 1);
        }
    }

    #[test]
    fn one_command_per_installer() {
        let missing = [
            ("wine", "", By::Apt),
            ("wixl", "", By::Apt),
            ("clippy", "", By::Component),
            (TARGET, "", By::Target),
            ("mdbook", "", By::Cargo),
        ];
        let commands: Vec<String> = commands(&missing).iter().map(|words| words.join(" ")).collect();
        assert_eq!(
            commands,
            [
                "apt-get update",
                "apt-get install -y --no-install-recommends wine wixl",
                "rustup component add clippy",
                "rustup target add x86_64-pc-windows-gnu",
                "cargo install mdbook --version 0.5.4 --locked --no-default-features --debug --root target/tools",
            ]
        );
    }

    #[test]
    fn another_way_to_the_target_is_named_only_when_it_is_missing() {
        assert!(!advice(&commands(&[("wine", "", By::Apt)])).contains("rustc-web"));
        assert!(advice(&commands(&[(TARGET, "", By::Target)])).contains("rustc-web"));
    }
}
