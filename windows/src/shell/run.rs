//! Runs one script in one shell.

use super::{Answered, Cmdlet, Script, ShellKind, encode_command, read_frame};
use crate::{
    os_error::system_failure,
    random,
    secrets::SecretSources,
    win::{job::Job, machine},
};
use mailsec_core::{Code, Failure, values::ServerPath};
use std::{
    io::{self, Read},
    os::windows::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

// A console without a window: the shell's output encoding cannot be set without a console at all.
const NO_WINDOW: u32 = 0x0800_0000;
const POLL: Duration = Duration::from_millis(50);
/// More than any answer; a shell that floods its output is not listened to further.
const OUTPUT_LIMIT: u64 = 4 * 1024 * 1024;

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
        let job = Job::new().map_err(|e| unstarted(&e))?;
        let mut command = Command::new(&self.program);
        self.secrets.hide_from(&mut command);
        let mut child = command
            .args(["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", encoded])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .creation_flags(NO_WINDOW)
            .spawn()
            .map_err(|e| unstarted(&e))?;
        if let Err(e) = job.add(&child) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(unstarted(&e));
        }
        let output = child.stdout.take().map(listen);
        let errors = child.stderr.take().map(listen);
        let ended = wait(&mut child, self.limit).map_err(|e| unstarted(&e))?;
        // Ends whatever the shell has left running, and with it the writers of the pipes.
        drop(job);
        let _ = child.wait();
        let heard = |listener: Option<JoinHandle<Vec<u8>>>| {
            let bytes = listener.and_then(|l| l.join().ok()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (output, errors) = (heard(output), heard(errors));
        if !errors.trim().is_empty() {
            tracing::debug!(errors = errors.trim(), "errors of the Exchange shell");
        }
        if ended {
            return Ok(output);
        }
        Err(Failure::new(Code::TimeLimit, "the Exchange shell takes too long; it was ended")
            .expected(format!("an answer within {} s", self.limit.as_secs()))
            .hint("what it was doing may have been done; the state of the agents is read again")
            .retry())
    }
}

fn listen(pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut heard = Vec::new();
        let mut pipe = pipe;
        let _ = (&mut pipe).take(OUTPUT_LIMIT).read_to_end(&mut heard);
        // A full pipe would stop the shell.
        let _ = io::copy(&mut pipe, &mut io::sink());
        heard
    })
}

/// Waits for the end; false when the time is up first.
fn wait(child: &mut Child, limit: Duration) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        if begun.elapsed() >= limit {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
}
