//! The port of running programs.

use crate::{
    child,
    os_error::system_failure,
    secrets::SecretSources,
    services::service_processes,
    win::process::{self, Process},
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, ProcessInfo, Processes, ToolExit, ToolRun},
    values::ServerPath,
};
use mailsec_mail::blocking;
use std::{io, process::Command, time::Duration};

/// `OpenProcess` answers this for an id that no process has.
const INVALID_PARAMETER: i32 = 87;
/// How long a process may take to be gone after it was ended.
const END: Duration = Duration::from_secs(10);

/// Programs running on this machine.
#[derive(Clone, Debug, Default)]
pub struct WindowsProcesses {
    secrets: SecretSources,
}

impl WindowsProcesses {
    /// Those of this machine; a tool that is run does not inherit the variables with secrets.
    #[must_use]
    pub fn new(secrets: SecretSources) -> Self {
        Self { secrets }
    }
}

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

    async fn run(&self, _: &Permit, tool: &ToolRun) -> Answer<ToolExit> {
        let (tool, secrets) = (tool.clone(), self.secrets.clone());
        blocking(move || run(&tool, &secrets)).await
    }
}

fn run(tool: &ToolRun, secrets: &SecretSources) -> Result<ToolExit, Failure> {
    let name = tool.program.file_name();
    let problem = |e: &io::Error| match e.kind() {
        io::ErrorKind::NotFound => Failure::new(Code::FileMissing, format!("there is no {}", tool.program)),
        _ => system_failure(Code::System, format!("{} cannot be run", tool.program), e),
    };
    // A bare name would be looked for on the path, and anybody's program of that name be run.
    if !tool.program.is_absolute() {
        return Err(Failure::new(Code::BadArgument, format!("{name} has no whole path")));
    }
    let mut command = Command::new(tool.program.as_str());
    command.args(&tool.arguments);
    secrets.hide_from(&mut command);
    let ran = child::run(command, tool.limit).map_err(|e| problem(&e))?;
    match ran.code {
        Some(code) => Ok(ToolExit::new(code, &format!("{}\n{}", ran.output, ran.errors))),
        None => Err(Failure::new(Code::TimeLimit, format!("{name} takes too long; it was ended"))
            .expected(format!("its end within {} s", tool.limit.as_secs()))
            .retry()),
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
