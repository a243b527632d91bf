//! A tenant of a management server, and the real command that works on it.

use super::{Ran, fast_folder};
use mailsec_core::journal::{WitnessReader, Witnessed};
use mailsec_eset_connect_standin::{PASSWORD, StandIn, USER};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The version that the simulated task leaves.
pub(crate) const NEW: &str = "11.0.10008.0";

/// A server, a folder for the journal, an action, and its plan.
pub(crate) struct Tenant {
    pub(crate) server: StandIn,
    dir: TempDir,
}

impl Tenant {
    pub(crate) fn new(devices: &[&str]) -> Self {
        let tenant = Self { server: StandIn::start(devices), dir: fast_folder() };
        let url = tenant.server.url();
        let config = serde_json::json!({ "eset_connect": {
            "user": USER, "addresses": { "identity": url, "devices": url, "tasks": url },
        }});
        fs::write(tenant.file("config.json"), config.to_string()).unwrap();
        let action =
            r#"{"name": "RunCommand", "params": {"@type": "lab/Run", "commandLine": "lab-upgrade.cmd"}}"#;
        fs::write(tenant.file("action.json"), action).unwrap();
        tenant
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailsec"));
        command
            .env_clear()
            .envs([
                ("USER", "ada"),
                ("TEST_PASSWORD", PASSWORD),
                ("NO_COLOR", "1"),
                ("MAILSEC_HOST", "eset-connect:eu"),
            ])
            .stdin(Stdio::null())
            .args(["--state", &self.path(""), "--no-input"])
            .args(["--secret", "eset-connect-password=env:TEST_PASSWORD"])
            .args(arguments);
        command
    }

    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        self.command(arguments).output().map(Ran::from).unwrap()
    }

    /// Makes `plan.json` for these devices.
    pub(crate) fn plans(&self, devices: &[&str], more: &[&str]) -> Ran {
        let (action, out) = (self.path("action.json"), self.path("plan.json"));
        let devices = devices.iter().flat_map(|name| ["--device", name]);
        let fixed = ["remote", "plan", "--to", NEW, "--poll", "1", "--action", &action, "--out", &out];
        self.run(fixed.into_iter().chain(devices).chain(more.iter().copied()))
    }

    pub(crate) fn runs(&self) -> Command {
        self.command(["run", "--yes", "--plan", &self.path("plan.json")])
    }

    /// What the journal's witness has of the only upgrade.
    pub(crate) fn witnessed(&self) -> Option<Witnessed> {
        let reader = WitnessReader::new(self.file("journal"));
        let upgrade = reader.upgrades().ok()?.pop()?;
        reader.read(upgrade).ok()
    }

    /// Everything that was written, as text.
    pub(crate) fn written(&self) -> String {
        let mut folders = vec![self.dir.path().to_owned()];
        let mut text = String::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.path().is_dir() {
                    true => folders.push(entry.path()),
                    false => text.push_str(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap())),
                }
            }
        }
        text
    }
}
