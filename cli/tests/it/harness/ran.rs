//! What a process left: exit code, stdout, stderr.

use super::Place;
use std::{fmt, os::unix::process::ExitStatusExt, process::Output};

/// A process that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The exit code, when it was not killed.
    pub(crate) code: Option<i32>,
    /// The signal that killed it.
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

impl Ran {
    /// Asserts the exit code, and shows everything when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "another exit code than expected:\n{self}");
        self
    }

    /// stderr in one line, as it is before it is broken to fit a terminal.
    pub(crate) fn told(&self) -> String {
        self.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => writeln!(f, "exit: {code}")?,
            (None, signal) => writeln!(f, "killed by signal: {}", signal.unwrap_or_default())?,
        }
        write!(f, "----- stdout -----\n{}----- stderr -----\n{}", self.stdout, self.stderr)
    }
}

/// Snapshots without what differs from run to run, or with every change of the simulated server's timing.
pub(crate) fn settings(place: &Place) -> insta::Settings {
    let folder = place.folder.display().to_string();
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    for (pattern, to) in [
        (folder.as_str(), "[WORLD]"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[ID]"),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[TIME]"),
        (r"\b\d{8}T\d{9}Z", "[STAMP]"),
        (r"\b\d\d:\d\d:\d\d\b", "[CLOCK]"),
        (r"\b(\d+\.\d s|\d+ min \d\d s|[1-9]\d* s)\b", "[SPAN]"),
        (r"\bprocess \d+", "process [PID]"),
        (r"\(line \d+ of the file\)", "(line [LINE] of the file)"),
        (r"\bline \d+(,?) column \d+", "line [LINE]$1 column [COLUMN]"),
        (r"\b\d+ events; the chain", "[COUNT] events; the chain"),
    ] {
        settings.add_filter(pattern, to);
    }
    settings
}
