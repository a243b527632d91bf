//! A program that runs, or ran, on the lab's Windows.

use crate::error::{LabError, Result, at};
use crate::tools;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its Windows exit code, whole.
    pub code: u32,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

impl Ended {
    /// The standard output of a program that succeeded.
    pub fn success(self) -> Result<String> {
        if self.code == 0 {
            return Ok(self.stdout);
        }
        Err(LabError::failed(format!("exit code {}", self.code), format!("{}\n{}", self.stdout, self.stderr)))
    }
}

/// A program that was started and not waited for.
#[derive(Debug)]
pub struct Running {
    pub(crate) child: Child,
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
    pub(crate) what: String,
}

impl Running {
    /// The Unix process that hosts it.
    pub fn unix_pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it with SIGKILL, in the middle of whatever it is doing. Programs that it started live on.
    pub fn kill_9(&mut self) -> Result<()> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(|e| LabError::failed(&self.what, e))?;
        Ok(())
    }

    /// What it has written to its standard output so far.
    pub fn stdout(&self) -> Result<String> {
        at(&self.stdout, fs::read(&self.stdout)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What it has written to its standard error so far.
    pub fn stderr(&self) -> Result<String> {
        at(&self.stderr, fs::read(&self.stderr)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end, and gives the exit code **modulo 256** (all that Wine tells), or nothing if a signal ended it.
    /// After the time limit it is killed, and that is an error.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<u8>> {
        match tools::wait(&mut self.child, limit)? {
            Some(status) if status.signal().is_some() => Ok(None),
            Some(status) => Ok(status.code().and_then(|code| u8::try_from(code).ok())),
            None => {
                self.kill_9()?;
                Err(LabError::Timeout { what: self.what.clone(), limit })
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing to be done about one that cannot be ended; the lab's own end takes all of its processes.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
