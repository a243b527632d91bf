//! Runs one script in one shell.

use super::{Answered, Cmdlet, Script, ShellKind, encode_command, read_frame};
use crate::{
    child::{self, Ran},
    os_error::system_failure,
    random,
    secrets::SecretSources,
    win::machine,
};
use mailsec_core::{Code, Failure, values::ServerPath};
use std::{io, path::PathBuf, process::Command, time::Duration};

/// Windows PowerShell.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    program: PathBuf,
    limit: Duration,
    secrets: SecretSources,
}

impl Shell {
    /// The shell of the system: not the first `powershell.exe` on the path, and the 64-bit one, as Exchange's snap-in
    /// has no other (CSS-Exchange, `Shared/Confirm-ExchangeShell.ps1`).
    pub(crate) fn of_system(limit: Duration, secrets: SecretSources) -> Result<Self, Failure> {
        let system = machine::system_folder()
            .map_err(|e| system_failure(Code::System, "the system folder is not known", &e))?;
        let program = PathBuf::from(format!(r"{system}\WindowsPowerShell\v1.0\powershell.exe"));
        Ok(Self::with_program(program, limit, secrets))
    }

    pub(crate) fn with_program(program: PathBuf, limit: Duration, secrets: SecretSources) -> Self {
        Self { program, limit, secrets }
    }

    /// Runs the cmdlets; when this returns, the shell and all it started have ended.
    pub(crate) fn run(
        &self,
        kind: ShellKind,
        folder: &ServerPath,
        cmdlets: &[Cmdlet],
    ) -> Result<Answered, Failure> {
        let nonce = random::hex()?;
        let script = Script { kind, folder, nonce: &nonce, cmdlets }.text();
        let output = self.output_of(&encode_command(&script))?;
        let answer = read_frame(&output, &nonce)?;
        for warning in &answer.warnings {
            tracing::debug!(%warning, "warning of the Exchange shell");
        }
        if answer.ok {
            return Ok(answer);
        }
        let error = answer.error.unwrap_or_default();
        Err(Failure::new(Code::Shell, "a cmdlet of the Exchange shell failed")
            .found(format!("{} ({})", error.kind, error.id))
            .cause(error.message)
            .hint("the account needs the role group Organization Management, on Edge local administration")
            .retry())
    }

    fn output_of(&self, encoded: &str) -> Result<String, Failure> {
        let unstarted = |e: &io::Error| {
            system_failure(Code::Shell, format!("{} cannot be run", self.program.display()), e)
        };
        let mut command = Command::new(&self.program);
        self.secrets.hide_from(&mut command);
        command.args([
            "-NoProfile",
            "-NonInteractive",
            "-ExecutionPolicy",
            "Bypass",
            "-EncodedCommand",
            encoded,
        ]);
        let Ran { code, output, errors } = child::run(command, self.limit).map_err(|e| unstarted(&e))?;
        if !errors.trim().is_empty() {
            tracing::debug!(errors = errors.trim(), "errors of the Exchange shell");
        }
        if code.is_some() {
            return Ok(output);
        }
        Err(Failure::new(Code::TimeLimit, "the Exchange shell takes too long; it was ended")
            .expected(format!("an answer within {} s", self.limit.as_secs()))
            .hint("what it was doing may have been done; the state of the agents is read again")
            .retry())
    }
}
