//! Programs that run.

use super::World;
use mailsec_core::{
    Code, Failure,
    host::{Answer, ProcessInfo},
    values::ServerPath,
};
use serde::{Deserialize, Serialize};

/// A program that no service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimProcess {
    /// Process id.
    pub pid: u32,
    /// Its program file.
    pub image: ServerPath,
}

impl World {
    /// Starts a program that no service runs.
    pub fn run_program(&mut self, image: &ServerPath) {
        let pid = self.take_pid();
        self.processes.push(SimProcess { pid, image: image.clone() });
    }

    /// All programs whose file is known, by process id.
    #[must_use]
    pub fn programs(&self) -> Vec<ProcessInfo> {
        let services = self.services.values().filter_map(|service| {
            let image = service.image.clone()?;
            Some(ProcessInfo { pid: service.pid?, image, is_service: true })
        });
        let others = self.processes.iter().map(|process| ProcessInfo {
            pid: process.pid,
            image: process.image.clone(),
            is_service: false,
        });
        let mut all: Vec<ProcessInfo> = services.chain(others).collect();
        all.sort_by_key(|process| process.pid);
        all
    }

    /// Whether the program still runs, as it was seen.
    ///
    /// # Errors
    /// [`Code::ProcessBusy`] when the id belongs to another program now.
    pub(crate) fn still_runs(&self, process: &ProcessInfo) -> Answer<bool> {
        match self.programs().iter().find(|running| running.pid == process.pid) {
            None => Ok(false),
            Some(running) if running.image.same(&process.image) => Ok(true),
            Some(running) => Err(Failure::new(
                Code::ProcessBusy,
                format!("process {} is another program now", process.pid),
            )
            .expected(process.image.as_str())
            .found(running.image.as_str())),
        }
    }

    pub(crate) fn end_process(&mut self, pid: u32) {
        self.processes.retain(|process| process.pid != pid);
        let service = self.services.iter().find(|(_, service)| service.pid == Some(pid));
        if let Some(name) = service.map(|(name, _)| name.clone()) {
            self.switch_off(&name);
        }
    }

    /// Who keeps a file from being replaced, if anybody does.
    pub(crate) fn holder(&self, path: &ServerPath) -> Option<String> {
        let mut loaded =
            self.loaded.iter().flat_map(|(service, agents)| agents.iter().map(move |a| (service, a)));
        if let Some((service, _)) = loaded.find(|(_, agent)| agent.assembly.same(path)) {
            return Some(service.clone());
        }
        if let Some(process) = self.programs().into_iter().find(|process| process.image.same(path)) {
            return Some(format!("{} ({})", process.image.file_name(), process.pid));
        }
        let file = self.disk.files.get(super::disk::key(path).as_str())?;
        file.lock.as_ref().map(|lock| lock.holder.clone())
    }
}
