//! One Windows machine under Wine: on, off, and programs run on it.

use crate::error::{LabError, Result, at};
use crate::processes::{self, kill_9};
use crate::program::{Ended, Running};
use crate::tools;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The harness's tool on the lab's Windows.
pub(crate) const TOOL: &str = r"C:\lab\bin\lab-tool.exe";
/// How long the machine may take to come up or go down.
const POWER: Duration = Duration::from_secs(60);

/// A prefix, and the processes in it.
#[derive(Debug)]
pub(crate) struct Machine {
    prefix: PathBuf,
    calls: AtomicU32,
    variables: Mutex<Vec<(String, String)>>,
}

impl Machine {
    /// The machine in a prefix, switched off.
    pub(crate) fn in_prefix(prefix: PathBuf) -> Result<Self> {
        let logs = prefix.join("lab-calls");
        at(&logs, fs::create_dir_all(&logs))?;
        Ok(Self { prefix, calls: AtomicU32::new(0), variables: Mutex::default() })
    }

    /// Sets an environment variable for every program started from now on.
    pub(crate) fn set_variable(&self, name: &str, value: &str) {
        let mut variables = self.variables.lock().unwrap_or_else(PoisonError::into_inner);
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// A Windows path as Linux sees it. Only drive C is part of the lab.
    pub(crate) fn linux(&self, windows: &str) -> PathBuf {
        let path = windows.strip_prefix(r"C:\").or_else(|| windows.strip_prefix(r"c:\")).unwrap_or(windows);
        path.split('\\')
            .filter(|part| !part.is_empty())
            .fold(self.prefix.join("drive_c"), |path, part| path.join(part))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let variables = self.variables.lock().unwrap_or_else(PoisonError::into_inner).clone();
        command
            .envs(variables)
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", std::env::var_os("MAILSEC_LAB_WINEDEBUG").unwrap_or_else(|| "-all".into()))
            .env("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .current_dir(&self.prefix)
            .stdin(Stdio::null());
        command
    }

    fn to_end(&self, program: &str, arguments: &[&str], limit: Duration) -> Result<()> {
        let log = self.prefix.join("lab-calls").join("machine.log");
        tools::build(self.command(program).args(arguments), &log, limit)
    }

    /// Makes a new Windows in the prefix.
    pub(crate) fn create(&self) -> Result<()> {
        self.to_end("wine", &["wineboot", "-i"], Duration::from_secs(300))?;
        self.to_end("wineserver", &["-w"], POWER)
    }

    /// Switches the machine on, and waits until these services have come up, or failed to.
    pub(crate) fn switch_on(&self, services: &[&str]) -> Result<()> {
        // Without this a machine without a user's program would switch itself off, services and all.
        self.to_end("wineserver", &["-p"], POWER)?;
        let arguments = [&[TOOL, "settle", "60"], services].concat();
        self.to_end("wine", &arguments, POWER * 2)
    }

    /// Stops the services in order, and switches the machine off.
    pub(crate) fn shut_down(&self) -> Result<()> {
        // A program that ended the session itself has taken the service manager along: asking would start it again.
        if processes::windows(&self.prefix).iter().any(|process| process.image() == "services") {
            self.tool(&["shutdown", "60"])?;
        }
        self.switch_off()
    }

    /// Cuts the power: every process ends at the same moment, in the middle of whatever it is doing.
    pub(crate) fn cut_power(&self) -> Result<()> {
        kill_9(&processes::windows(&self.prefix));
        self.switch_off()
    }

    /// Ends what still runs. The registry is written to the device, as the journal of the real one would have it.
    pub(crate) fn switch_off(&self) -> Result<()> {
        // It fails if there is no server, which is as good.
        let _asked = self.to_end("wineserver", &["-k"], POWER);
        tools::until("switching off", POWER, || processes::all(&self.prefix).is_empty())
    }

    /// Runs a program to its end.
    ///
    /// Wine, on a machine under load, now and then fails to create a process (error 1359, before the program's first
    /// instruction). Nothing has run then, so it is tried again.
    pub(crate) fn run(&self, words: &[&str], limit: Duration) -> Result<Ended> {
        for _ in 0..2 {
            match self.run_once(words, limit) {
                Err(LabError::Failed { problem, .. })
                    if problem.contains("did not run") && problem.contains("1359") => {}
                other => return other,
            }
        }
        self.run_once(words, limit)
    }

    fn run_once(&self, words: &[&str], limit: Duration) -> Result<Ended> {
        let call = self.next_call();
        let code_file = self.prefix.join("drive_c").join("lab").join("calls").join(format!("{call}.code"));
        let code_on_windows = format!(r"C:\lab\calls\{call}.code");
        let mut running = self.start(&[&[TOOL, "run", &code_on_windows], words].concat(), &call)?;
        let ended = running.wait(limit);
        if ended.is_err() {
            // The tool is dead; what it had started must not go on behind the test's back.
            let image = |word: &str| word.to_ascii_lowercase();
            let theirs = processes::windows(&self.prefix).into_iter().filter(|p| {
                words.first().is_some_and(|w| p.command.first().is_some_and(|c| image(c) == image(w)))
            });
            kill_9(&theirs.collect::<Vec<_>>());
        }
        ended?;
        let (stdout, stderr) = (running.stdout()?, running.stderr()?);
        let code = fs::read_to_string(&code_file).ok().and_then(|text| text.parse().ok());
        let code =
            code.ok_or_else(|| LabError::failed(format!("{words:?}"), format!("did not run: {stderr}")))?;
        Ok(Ended { code, stdout, stderr })
    }

    /// Starts a program and does not wait for it.
    pub(crate) fn spawn(&self, words: &[&str], input: &str) -> Result<Running> {
        self.start_with_input(words, &self.next_call(), input)
    }

    /// Asks the harness's tool.
    pub(crate) fn tool(&self, words: &[&str]) -> Result<String> {
        let mut running = self.start(&[&[TOOL], words].concat(), &self.next_call())?;
        match running.wait(POWER * 2)? {
            Some(0) => running.stdout(),
            code => Err(LabError::failed(format!("lab-tool {words:?}: {code:?}"), running.stderr()?)),
        }
    }

    fn next_call(&self) -> String {
        format!("{:04}", self.calls.fetch_add(1, Ordering::Relaxed))
    }

    fn start(&self, words: &[&str], call: &str) -> Result<Running> {
        self.start_with_input(words, call, "")
    }

    /// Output goes to files: a pipe would stay open as long as any program that inherited it lives.
    fn start_with_input(&self, words: &[&str], call: &str, input: &str) -> Result<Running> {
        let file = |kind: &str| self.prefix.join("lab-calls").join(format!("{call}.{kind}"));
        let (stdout, stderr) = (file("out"), file("err"));
        let out = at(&stdout, File::create(&stdout))?;
        let err = at(&stderr, File::create(&stderr))?;
        let stdin = file("in");
        at(&stdin, fs::write(&stdin, input))?;
        let input = at(&stdin, File::open(&stdin))?;
        let what = format!("{words:?}");
        let child = self
            .command("wine")
            .args(words)
            .stdin(input)
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|e| LabError::failed(&what, e))?;
        Ok(Running { child, stdout, stderr, what })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        kill_9(&processes::windows(&self.prefix));
        let _off = self.switch_off();
        kill_9(&processes::all(&self.prefix));
    }
}
