//! Running other programs.

use std::{
    env,
    ffi::OsString,
    path::PathBuf,
    process::{Command, Stdio},
};

/// What a stage says: a remark when all is well, else what is wrong.
pub(crate) type Checked = Result<String, String>;

/// Where and how the stages work.
#[derive(Debug)]
pub(crate) struct Shop {
    /// The root of the workspace.
    pub(crate) root: PathBuf,
    /// Nobody watches: nothing may be left out, and builds are not incremental.
    pub(crate) ci: bool,
    /// Install what is missing.
    pub(crate) install: bool,
}

/// The cargo that runs this program.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

impl Shop {
    /// A cargo command in the root of the workspace.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.program(cargo());
        command.args(arguments);
        if self.ci {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// A program in the root of the workspace, that can ask nothing.
    pub(crate) fn program(&self, name: impl Into<OsString>) -> Command {
        let mut command = Command::new(name.into());
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![PathBuf::from(command.get_program()).file_name().map_or_else(
        || command.get_program().to_string_lossy().into_owned(),
        |name| name.to_string_lossy().into_owned(),
    )];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs a command to its end, its output on the terminal.
pub(crate) fn to_end(command: &mut Command) -> Result<(), String> {
    let what = shown(command);
    println!("$ {what}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{what}` ended with {status}")),
        Err(error) => Err(format!("`{what}` cannot be run: {error}")),
    }
}

/// Runs a command and gives its standard output; its standard error goes to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let what = shown(command);
    let run = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{what}` cannot be run: {error}"))?;
    if run.status.success() { Ok(run.stdout) } else { Err(format!("`{what}` ended with {}", run.status)) }
}

/// Whether a command runs and succeeds. It is not heard.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
