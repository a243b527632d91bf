//! What the stand-ins are told to do wrong: `faults.json` in the lab's folder.

use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The faults of all stand-ins. No file, or a field left out, is no fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The shell's.
    pub powershell: ShellFaults,
    /// The transport service's.
    pub transport: TransportFaults,
}

/// What the shell stand-in does wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShellFaults {
    /// How many more calls of the shell show these faults; without it, all of them.
    pub times: Option<u32>,
    /// Hang this long before the first statement.
    pub hang_before_seconds: u64,
    /// Hang this long after the last statement, its effects done and its answer not given.
    pub hang_after_seconds: u64,
    /// Stop without any answer after this many statements were executed.
    pub die_after: Option<usize>,
    /// Write only the first half of the answer.
    pub half_frame: bool,
    /// Write other lines before and after the answer.
    pub noise: bool,
    /// End with this exit code though the answer is fine.
    pub exit_code: u8,
}

/// What the transport stand-in does wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransportFaults {
    /// Stay in "start pending" this long.
    pub start_delay_seconds: u64,
    /// Stay in "stop pending" this long.
    pub stop_delay_seconds: u64,
}

/// The faults in a file.
pub fn read(file: &Path) -> Faults {
    fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// The shell's faults for this one call, which counts against `times`.
pub fn take_for_shell(file: &Path) -> ShellFaults {
    let mut faults = read(file);
    let now = faults.powershell.clone();
    match now.times {
        None => now,
        Some(0) => ShellFaults::default(),
        Some(left) => {
            faults.powershell.times = Some(left - 1);
            if let Ok(text) = serde_json::to_vec_pretty(&faults) {
                // A count that could not be kept shows in the test that relies on it.
                let _kept = fs::write(file, text);
            }
            now
        }
    }
}
