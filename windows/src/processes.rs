//! The port of running programs.

use crate::{
    blocking::blocking,
    os_error::system_failure,
    services::service_processes,
    win::process::{self, Process},
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, ProcessInfo, Processes},
    values::ServerPath,
};
use std::{io, time::Duration};

/// `OpenProcess` answers this for an id that no process has.
const INVALID_PARAMETER: i32 = 87;
/// How long a process may take to be gone after it was ended.
const END: Duration = Duration::from_secs(10);

/// Programs running on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowsProcesses;

#[async_trait]
impl Processes for WindowsProcesses {
    async fn under(&self, folder: &ServerPath) -> Answer<Vec<ProcessInfo>> {
        let folder = folder.clone();
        blocking(move || under(&folder)).await
    }

    async fn close(&self, _: &Permit, process: &ProcessInfo, grace: Duration) -> Answer<()> {
        let process = process.clone();
        blocking(move || close(&process, grace)).await
    }
}

fn under(folder: &ServerPath) -> Result<Vec<ProcessInfo>, Failure> {
    let ids = process::all().map_err(|e| system_failure(Code::System, "processes cannot be listed", &e))?;
    let services = service_processes()?;
    // The system's own and protected processes cannot be opened; none of them is a product's.
    let mut found: Vec<ProcessInfo> = ids
        .into_iter()
        .filter_map(|pid| {
            let image = ServerPath::new(Process::open(pid).and_then(|p| p.image()).ok()?);
            image.is_under(folder).then(|| ProcessInfo { pid, image, is_service: services.contains(&pid) })
        })
        .collect();
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

fn close(process: &ProcessInfo, grace: Duration) -> Result<(), Failure> {
    let problem = |error: &io::Error| {
        system_failure(
            Code::ProcessBusy,
            format!("{} (process {}) cannot be closed", process.image, process.pid),
            error,
        )
    };
    let opened = match Process::open_to_end(process.pid) {
        Ok(opened) => opened,
        Err(e) if e.raw_os_error() == Some(INVALID_PARAMETER) => return Ok(()),
        Err(e) => return Err(problem(&e)),
    };
    if opened.wait(Duration::ZERO).map_err(|e| problem(&e))? {
        return Ok(());
    }
    // While it is open its id cannot be taken again, so one look is enough for everything that follows.
    let image = ServerPath::new(opened.image().map_err(|e| problem(&e))?);
    if !image.same(&process.image) {
        return Err(Failure::new(
            Code::ProcessBusy,
            format!("process {} is another program now", process.pid),
        )
        .expected(process.image.as_str())
        .found(image.as_str())
        .hint("look for the program again")
        .retry());
    }
    // A program without a window on this desktop cannot be asked (a service sees no user's desktop).
    if process::close_windows(process.pid) > 0 && opened.wait(grace).map_err(|e| problem(&e))? {
        return Ok(());
    }
    if let Err(e) = opened.terminate() {
        // It may have ended between the two.
        return if opened.wait(Duration::ZERO).unwrap_or(false) { Ok(()) } else { Err(problem(&e)) };
    }
    if opened.wait(END).map_err(|e| problem(&e))? {
        return Ok(());
    }
    Err(Failure::new(Code::ProcessBusy, format!("{} (process {}) does not end", process.image, process.pid))
        .hint("a driver may hold it; a restart frees it")
        .ask())
}
