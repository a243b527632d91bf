//! The programs of the build machine that the lab needs.

use crate::error::{LabError, Result};
use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Each program, and the Debian package it is in.
const NEEDED: [(&str, &str); 6] = [
    ("wine", "wine"),
    ("wineserver", "wine"),
    ("wixl", "wixl"),
    ("msibuild", "msitools"),
    ("msiinfo", "msitools"),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
];

/// Stops the test with the names of what to install, if anything is missing. A lab that cannot run must not look like
/// one that ran well, so there is no way to skip.
pub(crate) fn require() {
    let found = |program: &str| {
        env::split_paths(&env::var_os("PATH").unwrap_or_default())
            .any(|folder| folder.join(program).is_file())
    };
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !found(program)).collect();
    if !missing.is_empty() {
        let programs: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
        let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
        packages.dedup();
        panic!(
            "the Windows lab needs {}: apt-get install {} wine64",
            programs.join(", "),
            packages.join(" ")
        );
    }
}

/// The folder in which the lab keeps what it builds and runs.
pub(crate) fn target() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    target.join("lab")
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().and_then(Path::parent).unwrap_or(own).to_owned()
}

/// Runs a build tool to its end, and fails with what it printed.
pub(crate) fn build(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    let status = to_end(command.stdin(Stdio::null()), log, limit)?;
    if status.success() {
        return Ok(());
    }
    let text = std::fs::read_to_string(log).unwrap_or_default();
    Err(LabError::failed(format!("{:?}", command.get_program()), text))
}

fn to_end(command: &mut Command, log: &Path, limit: Duration) -> Result<ExitStatus> {
    let what = format!("{:?}", command.get_program());
    let failed = |e: std::io::Error| LabError::failed(what.clone(), e);
    let out = File::create(log).map_err(failed)?;
    let err = out.try_clone().map_err(failed)?;
    let mut child = command.stdout(out).stderr(err).spawn().map_err(failed)?;
    wait(&mut child, limit)?.ok_or_else(|| {
        // It is over its limit either way.
        let _killed = child.kill().and_then(|()| child.wait().map(|_| ()));
        LabError::Timeout { what: what.clone(), limit }
    })
}

/// Waits for a child, but not for ever.
pub(crate) fn wait(child: &mut std::process::Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let since = Instant::now();
    loop {
        match child.try_wait().map_err(|e| LabError::failed("waiting for a program", e))? {
            Some(status) => return Ok(Some(status)),
            None if since.elapsed() > limit => return Ok(None),
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Waits until something holds.
pub(crate) fn until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) -> Result<()> {
    let since = Instant::now();
    while !holds() {
        if since.elapsed() > limit {
            return Err(LabError::Timeout { what: what.to_owned(), limit });
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
