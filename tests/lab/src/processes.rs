//! The Unix processes of a prefix: each Windows process is one.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};

/// A Unix process that hosts a Windows one, or the Wine server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its Unix id.
    pub pid: i32,
    /// The Windows command line, in words.
    pub command: Vec<String>,
}

impl Process {
    /// The program's file name in lower case, without folder and `.exe`.
    pub fn image(&self) -> String {
        let program = self.command.first().map(String::as_str).unwrap_or_default().to_ascii_lowercase();
        let name = program.rsplit(['\\', '/']).next().unwrap_or_default();
        name.trim_end_matches(".exe").to_owned()
    }

    fn is_server(&self) -> bool {
        self.image().starts_with("wineserver")
    }
}

/// All processes of a prefix. A process is known by its environment, which Wine hands on from parent to child.
pub(crate) fn all(prefix: &Path) -> Vec<Process> {
    let mark = [b"WINEPREFIX=", prefix.as_os_str().as_encoded_bytes()].concat();
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter_map(|folder| process(folder, &mark)).collect()
}

fn process(folder: PathBuf, mark: &[u8]) -> Option<Process> {
    let pid = folder.file_name()?.to_str()?.parse().ok()?;
    let environment = fs::read(folder.join("environ")).ok()?;
    if !environment.split(|byte| *byte == 0).any(|entry| entry == mark) {
        return None;
    }
    let line = fs::read(folder.join("cmdline")).ok()?;
    let words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut command: Vec<String> = words.collect();
    while command.last().is_some_and(String::is_empty) {
        command.pop();
    }
    // One that has ended and was not waited for has no command line any more.
    (!command.is_empty()).then_some(Process { pid, command })
}

/// The Windows processes of a prefix.
pub(crate) fn windows(prefix: &Path) -> Vec<Process> {
    all(prefix).into_iter().filter(|process| !process.is_server()).collect()
}

/// Ends processes at one stroke: none of them gets to see another one die.
pub(crate) fn kill_9(processes: &[Process]) {
    for signal in [Signal::STOP, Signal::KILL] {
        for process in processes {
            if let Some(pid) = Pid::from_raw(process.pid) {
                // It may have ended by itself meanwhile.
                let _sent = kill_process(pid, signal);
            }
        }
    }
}
