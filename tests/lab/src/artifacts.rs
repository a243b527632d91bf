//! What is built once for all labs: the stand-ins for Windows, the missing DLL, the packages.

use crate::error::{LabError, Result, at};
use crate::packages::Package;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The triple the stand-ins are built for.
const TRIPLE: &str = "x86_64-pc-windows-gnu";
/// The stand-ins that the template holds.
pub(crate) const PROGRAMS: [&str; 8] = [
    "exchange-transport",
    "powershell",
    "vipre-plugin-manager",
    "vipre-console",
    "eset-kernel",
    "ecmd",
    "shutdown",
    "lab-tool",
];
/// The sources of the packages.
const SOURCES: [&str; 3] = ["vipre.wxs", "other-product.wxs", "eset.wxs"];
/// The programs that packages install.
const PACKAGED: [&str; 4] = ["vipre-plugin-manager", "vipre-console", "eset-kernel", "ecmd"];

/// Builds a program of the workspace for Windows, as the lab's own are built; the path of its `.exe`.
pub fn build_for_windows(package: &str, program: &str) -> Result<PathBuf> {
    tools::require();
    let lab = tools::target();
    at(&lab, fs::create_dir_all(&lab))?;
    Ok(build(&lab, &["--package", package, "--bin", program])?.join(format!("{program}.exe")))
}

/// Builds for Windows; the folder of the programs. Cargo knows whether there is anything to do.
fn build(lab: &Path, what: &[&str]) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = lab.parent().unwrap_or(lab);
    let mut command = Command::new(cargo);
    command
        .current_dir(tools::workspace())
        // What a caller wants of its own build, such as coverage, is not wanted of the lab's.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .arg("build")
        .args(what)
        .args(["--target", TRIPLE, "--target-dir"])
        .arg(target);
    let log = lab.join(format!("build-{}.log", std::process::id()));
    let built = tools::build(&mut command, &log, Duration::from_secs(900)).map_err(|e| {
        LabError::failed(
            "building for Windows",
            format!("{e}\n(is the target there? rustup target add {TRIPLE})"),
        )
    });
    // Whatever it says that matters is in the error.
    let _gone = fs::remove_file(&log);
    built.map(|()| target.join(TRIPLE).join("debug"))
}

/// The folder of everything built, and a name for just this state of it.
#[derive(Debug)]
pub(crate) struct Artifacts {
    folder: PathBuf,
    programs: PathBuf,
    /// Changes whenever anything in the folder would.
    pub(crate) digest: String,
}

impl Artifacts {
    /// Builds the programs; cargo knows whether there is anything to do.
    pub(crate) fn programs_built(lab: &Path) -> Result<Self> {
        let programs = build(lab, &["--package", "mailsec-lab-standins", "--bins"])?;
        let mut hasher = blake3::Hasher::new();
        let sources = tools::workspace().join("tests/lab");
        let mut inputs: Vec<PathBuf> =
            PROGRAMS.iter().map(|name| programs.join(format!("{name}.exe"))).collect();
        inputs.extend(SOURCES.map(|name| sources.join("wix").join(name)));
        inputs.extend(["wine/bcryptprimitives.c", "wine/lab.reg"].map(|f| sources.join(f)));
        inputs.extend(
            ["src/packages.rs", "src/template.rs", "src/exchange.rs", "src/artifacts.rs"]
                .map(|f| sources.join(f)),
        );
        for input in inputs {
            hasher.update(&at(&input, fs::read(&input))?);
        }
        // Another Wine fills its prefixes with other files.
        let version =
            Command::new("wine").arg("--version").output().map_err(|e| LabError::failed("wine", e))?;
        hasher.update(&version.stdout);
        let digest = hasher.finalize().to_hex()[..16].to_owned();
        Ok(Self { folder: lab.join(format!("artifacts-{digest}")), programs, digest })
    }

    /// Builds the rest.
    pub(crate) fn finish(&self) -> Result<()> {
        at(&self.folder, fs::create_dir_all(&self.folder))?;
        let mut gcc = Command::new("x86_64-w64-mingw32-gcc");
        gcc.args(["-shared", "-O2", "-s", "-o"])
            .arg(self.missing_dll())
            .arg(tools::workspace().join("tests/lab/wine/bcryptprimitives.c"))
            .arg("-ladvapi32");
        tools::build(&mut gcc, &self.folder.join("gcc.log"), Duration::from_secs(60))?;
        let sources = tools::workspace().join("tests/lab/wix");
        let sources = SOURCES.map(|name| sources.join(name));
        let programs = PACKAGED.map(|name| self.programs.join(format!("{name}.exe")));
        for file in sources.iter().chain(&programs) {
            at(file, fs::copy(file, self.folder.join(file.file_name().unwrap_or_default())))?;
        }
        Package::ALL.into_iter().try_for_each(|package| package.build(self))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    pub(crate) fn missing_dll(&self) -> PathBuf {
        self.folder.join("bcryptprimitives.dll")
    }
}
