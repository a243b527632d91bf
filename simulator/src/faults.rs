//! What goes wrong on servers, by name.

use crate::world::{Due, World, disk, services};
use mailsec_core::{
    host::TransportService,
    values::{ServerPath, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Trouble that is waiting in a world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// How the next installers end, in order (0 is no fault).
    pub installer_exits: Vec<i32>,
    /// How often a service will not start, by short name in lower case.
    pub start_failures: BTreeMap<String, u32>,
    /// How many restarts that are asked for will not happen.
    pub restarts_ignored: u32,
    /// An installer that meets a file in use fails, and does not wait for a restart.
    pub in_use_fails: bool,
    /// A file that installers forget.
    pub omit: Option<ServerPath>,
    /// Transport answers mail with 5xx.
    pub refuse_mail: bool,
    /// Another installation runs until then.
    pub busy_until: Option<Timestamp>,
    /// Programs do not close when they are asked to.
    pub stubborn_programs: bool,
    /// How the next runs of a product's tool end, the last one first; they do nothing else.
    pub tool_exits: Vec<i32>,
    /// What is wrong with settings that are exported.
    pub export: Option<SpoiltExport>,
    /// Settings below this path are lost when they are imported.
    pub import_loses: Option<String>,
    /// How much longer the next call takes, in milliseconds.
    pub slow_ms: u64,
    /// One change of the server fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_fails: Option<ChangeFails>,
    /// The next call of this kind never comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang: Option<Hang>,
}

/// A call that never comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hang {
    /// One that only looks.
    Look,
    /// One that changes something, and does not do it.
    Change,
    /// One that changes something, and does it.
    ChangeDone,
}

/// One change of the server that is reported as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChangeFails {
    /// How many changes come before it.
    pub after: u32,
    /// Whether it is done all the same.
    pub done: bool,
}

impl Faults {
    /// Whether this call hangs; it is one call.
    pub(crate) fn hangs(&mut self, call: Hang) -> bool {
        self.hang.take_if(|hang| *hang == call).is_some()
    }

    /// Whether this change fails; counts it.
    pub(crate) fn strike(&mut self) -> Option<ChangeFails> {
        let fails = self.change_fails.as_mut()?;
        if fails.after > 0 {
            fails.after -= 1;
            return None;
        }
        self.change_fails.take()
    }
}

/// What is wrong with an exported file, although the tool says that all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpoiltExport {
    /// There is none.
    Missing,
    /// It is empty.
    Empty,
    /// It is of another kind.
    Foreign,
    /// It is of another build of the product.
    OtherBuild,
}

/// A password that somebody gave an account, and told nobody.
pub const ELSEWHERE: &str = "Sim-changed-Elsewhere-1";

/// One fault, as tests and a faults file name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The next installer ends so: 3010, 1641, 1618, 1603, 1602.
    InstallerExit(i32),
    /// The password of an account (logon name) was changed and nobody told its service.
    PasswordChanged(String),
    /// A shell session keeps a file open until IIS stops or the server restarts.
    FileHeldByShell(ServerPath),
    /// As [`Fault::FileHeldByShell`], and the installer fails when it meets the file.
    FileHeldAndInstallerFails(ServerPath),
    /// The installer forgets a file; of an agent's assembly that means: transport will not start (7001).
    FileForgotten(ServerPath),
    /// The server restarts by itself after so many milliseconds.
    SpontaneousReboot(u64),
    /// Only so many bytes are free on drive `C:`.
    DiskFull(u64),
    /// A file cannot be read.
    FileUnreadable(ServerPath),
    /// The next restarts do not happen.
    RestartDoesNotHappen(u32),
    /// A service does not start, so many times.
    ServiceDoesNotStart(String, u32),
    /// Transport answers mail with 5xx.
    MailRefused,
    /// `agents.config` is cut off in its middle.
    AgentsFileCut(ServerPath),
    /// The directory does not answer.
    DirectoryUnreachable,
    /// Programs do not close when they are asked to.
    StubbornPrograms,
    /// The product's tool ends so the next time, and does nothing.
    ToolExit(i32),
    /// Exported settings are spoilt.
    ExportSpoilt(SpoiltExport),
    /// Settings below this path are lost when they are imported.
    ImportLoses(String),
    /// Somebody stops a service, and what needs it goes down with it.
    ServiceStopped(String),
    /// A service that runs in so many milliseconds dies then.
    ServiceDies(String, u64),
    /// Somebody enables an agent, or disables it.
    AgentSet(String, bool),
    /// The clock is set by so many milliseconds, forwards or backwards.
    ClockJumps(i64),
    /// The next call takes so many milliseconds longer.
    CallTakes(u64),
    /// One change of the server fails, whatever it is.
    ChangeFails(ChangeFails),
    /// The next call of this kind never comes back.
    CallHangs(Hang),
    /// Somebody makes an account (logon name) a domain administrator.
    AdminMade(String),
}

impl Fault {
    /// Puts the fault into a world.
    pub fn apply(&self, world: &mut World) {
        match self {
            Self::InstallerExit(code) => world.faults.installer_exits.push(*code),
            Self::PasswordChanged(user) => {
                let user = user.to_ascii_lowercase();
                let former = world.vault.directory.insert(user.clone(), ELSEWHERE.to_owned());
                if let Some(former) = former.filter(|former| former != ELSEWHERE) {
                    world.vault.former.insert(user, former);
                }
            }
            Self::FileHeldByShell(path) => hold(world, path),
            Self::FileHeldAndInstallerFails(path) => {
                hold(world, path);
                world.faults.in_use_fails = true;
            }
            Self::FileForgotten(path) => world.faults.omit = Some(path.clone()),
            Self::SpontaneousReboot(after) => world.schedule(*after, Due::PowerOff),
            Self::DiskFull(free) => {
                let used: u64 = world.disk.files.values().map(|file| file.content.size()).sum();
                world.disk.capacity.insert("c".to_owned(), used.saturating_add(*free));
            }
            Self::FileUnreadable(path) => {
                if let Some(file) = world.disk.files.get_mut(disk::key(path).as_str()) {
                    file.unreadable = true;
                }
            }
            Self::RestartDoesNotHappen(times) => world.faults.restarts_ignored = *times,
            Self::ServiceDoesNotStart(service, times) => {
                world.faults.start_failures.insert(services::key(service), *times);
            }
            Self::MailRefused => {
                world.faults.refuse_mail = true;
                world.refresh_mail();
            }
            Self::AgentsFileCut(path) => {
                if let Some(file) = world.disk.files.get_mut(disk::key(path).as_str()) {
                    file.content = file.content.bytes()[..file.content.bytes().len() / 2].into();
                }
            }
            Self::DirectoryUnreachable => world.directory.unreachable = true,
            Self::StubbornPrograms => world.faults.stubborn_programs = true,
            Self::ToolExit(code) => world.faults.tool_exits.push(*code),
            Self::ExportSpoilt(how) => world.faults.export = Some(*how),
            Self::ChangeFails(fails) => world.faults.change_fails = Some(*fails),
            Self::CallHangs(hang) => world.faults.hang = Some(*hang),
            Self::ImportLoses(path) => world.faults.import_loses = Some(path.clone()),
            Self::ServiceStopped(service) => world.take_down(&services::key(service)),
            Self::ServiceDies(service, after) => {
                world.schedule(*after, Due::ServiceDies(services::key(service).into()));
            }
            Self::AgentSet(agent, enabled) => set_agent(world, agent, *enabled),
            Self::ClockJumps(by) => world.set_clock(*by),
            Self::CallTakes(time) => world.faults.slow_ms += time,
            Self::AdminMade(user) => world.make_admin(user),
        }
    }
}

/// Quietly nothing where the agent is not registered: whoever wanted to change it finds nothing to change.
fn set_agent(world: &mut World, name: &str, enabled: bool) {
    for service in [TransportService::Hub, TransportService::FrontEnd] {
        let Ok(rows) = world.agent_rows(service) else { continue };
        let mut rows = rows.to_vec();
        if let Some(row) = rows.iter_mut().find(|row| *row.name == *name) {
            Arc::make_mut(row).enabled = enabled;
            _ = world.set_agent_rows(service, rows);
        }
    }
}

fn hold(world: &mut World, path: &ServerPath) {
    if let Some(file) = world.disk.files.get_mut(disk::key(path).as_str()) {
        let service = Some("W3SVC".to_owned());
        file.lock = Some(disk::Lock { holder: "w3wp.exe (5120)".to_owned(), service });
    }
}
