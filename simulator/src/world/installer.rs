//! A running installer: stage by stage, as the clock goes, whoever is there to see it.

use super::{
    Due, World,
    boot::Rename,
    content::Content,
    disk::{Disk, SimFile, key},
    registry::SimRegistry,
    script::Stage,
    services::{self, SimService},
};
use crate::{
    fate::Fate,
    shared::{Shared, beginning},
};
use mailsec_core::{
    host::{PendingRestart, PendingWeight, ServiceState, TransportService},
    values::{AccountName, ServerPath},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// How long a stage takes.
pub const STAGE_MS: u64 = 4_000;

/// An installer that runs, or that a power cut interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The installer's file, or the product code that is being removed.
    pub package: ServerPath,
    /// What it does.
    pub stages: Shared<Vec<Stage>>,
    /// The product code under which its removal is kept, and that removal.
    pub removal: Option<(String, Shared<Vec<Stage>>)>,
    /// The next stage.
    pub next: usize,
    /// It fails at this stage.
    pub fails_at: Option<usize>,
    /// It ends so, whatever its stages say.
    pub exit: Option<i32>,
    /// A restart is needed to finish.
    pub needs_restart: bool,
    /// What to go back to.
    pub snapshot: Option<Box<Snapshot>>,
    /// Properties that are no secrets.
    pub properties: BTreeMap<String, String>,
    /// Where its log goes.
    pub log: Option<ServerPath>,
}

/// What Windows Installer keeps in order to take an installation back. Changes that custom actions make, such as
/// registering transport agents, are not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    folder: ServerPath,
    files: BTreeMap<Arc<str>, Shared<SimFile>>,
    registry: SimRegistry,
    services: Shared<BTreeMap<Arc<str>, Shared<SimService>>>,
    renames: usize,
}

impl Snapshot {
    pub(crate) fn take(world: &World, folder: &ServerPath) -> Self {
        Self {
            folder: folder.clone(),
            files: world
                .disk
                .entries_below(folder)
                .map(|(key, file)| (Arc::clone(key), file.clone()))
                .collect(),
            registry: world.registry.clone(),
            services: world.services.clone(),
            renames: world.renames.len(),
        }
    }
}

impl World {
    /// Runs the next stage of the installer.
    pub(crate) fn run_stage(&mut self, fate: &mut Fate) -> mailsec_core::host::Answer<()> {
        let Some(mut running) = self.installer.take() else { return Ok(()) };
        let stages = running.stages.clone();
        let outcome = match stages.get(running.next) {
            Some(_) if running.fails_at == Some(running.next) => {
                Err("the installer's action failed".to_owned())
            }
            Some(stage) => self.stage(fate, stage, &mut running),
            None => Ok(()),
        };
        if let Err(why) = outcome {
            self.log("MsiInstaller", 11708, format!("{}: installation failed: {why}", running.package));
            if let Some(snapshot) = running.snapshot.take() {
                self.take_back(*snapshot);
            }
            self.end_installer(&running, 1603, &why);
            return Ok(());
        }
        running.next += 1;
        if running.next < running.stages.len() {
            self.installer = Some(running);
            self.schedule(STAGE_MS, Due::Installer);
            return fate.point(self, "install: between stages");
        }
        let exit = running.exit.unwrap_or(if running.needs_restart { 3010 } else { 0 });
        if let Some((code, removal)) = running.removal.take() {
            self.removals.insert(code, removal);
        }
        if exit != 0 {
            self.pending.push(PendingRestart {
                sign: r"SYSTEM\CurrentControlSet\Control\Session Manager, PendingFileRenameOperations"
                    .to_owned(),
                detail: r"C:\Config.Msi\51c7a.rbf (deleted)".to_owned(),
                weight: PendingWeight::Warn,
            });
        }
        if exit == 1641 {
            self.restart_requested = Some("asked for by the installer".to_owned());
            self.schedule(10_000, Due::PowerOff);
        }
        self.log("MsiInstaller", 11707, format!("{}: installation completed", running.package));
        self.end_installer(&running, exit, "completed");
        Ok(())
    }

    fn end_installer(&mut self, running: &Running, exit: i32, text: &str) {
        self.vault.installer.clear();
        self.last_exit = Some(exit);
        if let Some(log) = &running.log {
            let text = format!("{}\r\n{text}\r\nMainEngineThread is returning {exit}\r\n", running.package);
            self.disk.put(log, text, self.now);
        }
    }

    /// What a power cut interrupted is taken back before the next installation, where that is possible.
    pub(crate) fn end_suspended(&mut self) {
        if let Some(snapshot) = self.suspended.take().and_then(|running| running.snapshot) {
            self.log("MsiInstaller", 1008, "a suspended installation was taken back");
            self.take_back(*snapshot);
        }
    }

    fn take_back(&mut self, snapshot: Snapshot) {
        let Snapshot { folder, files, registry, services, renames } = snapshot;
        let prefix = format!("{}\\", key(&folder));
        self.disk.files.retain(|path, _| !path.starts_with(&prefix));
        for (key, file) in files {
            let (content, modified) = (file.content.clone(), file.modified);
            self.disk.put(&file.path, content, modified);
            self.disk.files.insert(key, file);
        }
        self.registry = registry;
        self.renames.truncate(renames);
        for (name, before) in &services {
            let before = SimService::clone(before);
            let ran = before.state == ServiceState::Running;
            let (state, started, pid) = match self.services.get(name) {
                Some(now) => (now.state, now.started, now.pid),
                None => (ServiceState::Stopped, None, None),
            };
            self.services.insert(name.clone(), SimService { state, started, pid, ..before }.into());
            if ran && state == ServiceState::Stopped && self.log_on_trouble(name).is_none() {
                self.switch_on(name);
            }
        }
    }

    fn stage(&mut self, fate: &mut Fate, stage: &Stage, running: &mut Running) -> Result<(), String> {
        match stage {
            Stage::StopService(name) => self.switch_off(&services::key(name)),
            Stage::RemoveFiles { folder, keep } => {
                let stays = |file: &SimFile| keep.as_ref().is_some_and(|keep| file.path.is_under(keep));
                let paths: Vec<ServerPath> = self
                    .disk
                    .below(folder)
                    .filter(|file| !stays(file))
                    .map(|file| file.path.clone())
                    .collect();
                for path in paths {
                    self.replace(fate, &path, None, running)?;
                }
                drop_empty_folders(&mut self.disk, folder);
            }
            Stage::WriteFiles(files) => {
                for (path, text) in files {
                    self.replace(fate, path, Some(text.as_str().into()), running)?;
                }
            }
            Stage::AddFiles(files) => {
                for (path, text) in files {
                    if !self.disk.has_file(path) {
                        self.replace(fate, path, Some(text.as_str().into()), running)?;
                    }
                }
            }
            Stage::Service { name, display, image, log_on } => {
                self.put_service(name, display, image, log_on.as_ref(), running)?;
            }
            Stage::RemoveService(name) => {
                let name = services::key(name);
                self.switch_off(&name);
                self.services.remove(name.as_str());
                self.vault.services.remove(&name);
            }
            Stage::WriteKey { view, key, values } => {
                for (name, value) in values {
                    self.registry.set(*view, key, name, value.clone());
                }
            }
            Stage::RemoveKey { view, key } => self.registry.remove(*view, key),
            Stage::StartService(name) => {
                let name = services::key(name);
                if let Some(why) = self.log_on_trouble(&name) {
                    return Err(format!("Error 1920. Service failed to start: {why}"));
                }
                if self.service(&name).is_ok_and(|service| service.state != ServiceState::Running) {
                    self.switch_on(&name);
                }
            }
            Stage::Settings { file, defaults } => {
                self.settle_settings(file, defaults).map_err(|failure| failure.to_string())?;
            }
            Stage::WantsRestart => running.needs_restart = true,
            Stage::ForgetPassword(product) => _ = self.vault.products.remove(product),
            Stage::RegisterAgents { agents, enable } => {
                let rows = self.agent_rows(TransportService::Hub).map_err(|why| why.to_string())?;
                let mut rows = rows.to_vec();
                for (name, factory, assembly) in agents {
                    rows.retain(|row| !row.name.eq_ignore_ascii_case(name));
                    let row = super::agents::AgentRow::new(name, factory, assembly);
                    rows.push(Arc::new(super::agents::AgentRow { enabled: *enable, ..row }));
                }
                // What scans is whatever the product has registered; an agent of another name takes over.
                let scans = |name: &String| rows.iter().any(|row| row.name.eq_ignore_ascii_case(name));
                self.mail.scanners.retain(scans);
                for (name, ..) in agents {
                    if !self.mail.scanners.contains(name) {
                        self.mail.scanners.push(name.clone());
                    }
                }
                self.set_agent_rows(TransportService::Hub, rows).map_err(|why| why.to_string())?;
            }
        }
        Ok(())
    }

    /// Replaces or removes a file; where somebody holds it, at the next boot, or not at all.
    fn replace(
        &mut self,
        fate: &mut Fate,
        path: &ServerPath,
        content: Option<Content>,
        running: &mut Running,
    ) -> Result<(), String> {
        if content.is_some() && self.faults.omit.as_ref().is_some_and(|omit| omit.same(path)) {
            return Ok(());
        }
        if let Some(holder) = self.holder(path) {
            if self.faults.in_use_fails || fate.choose("install: file in use", 2) == 1 {
                return Err(format!("Error 1306. {path} is in use by {holder}"));
            }
            self.renames.push(Rename { to: path.clone(), content });
            running.needs_restart = true;
            return Ok(());
        }
        match content {
            Some(content) => self.disk.write(path, content, self.now),
            None => self.disk.remove(path),
        }
        .map_err(|failure| failure.to_string())
    }

    fn put_service(
        &mut self,
        name: &str,
        display: &str,
        image: &ServerPath,
        log_on: Option<&(String, String)>,
        running: &Running,
    ) -> Result<(), String> {
        let key = services::key(name);
        let now = self.now;
        let service = self.services.entry(key.as_str().into()).or_insert_with(|| {
            let fresh = SimService::new(name, display, now);
            SimService { state: ServiceState::Stopped, started: None, ..fresh }.into()
        });
        service.display = display.into();
        service.image = Some(image.clone());
        let Some((account, password)) = log_on else { return Ok(()) };
        if let Some(account) = running.properties.get(account) {
            AccountName::parse(account).map_err(|failure| failure.to_string())?;
            service.account = account.as_str().into();
            let password = self.vault.installer.get(password).cloned().unwrap_or_default();
            self.vault.services.insert(key, password);
        }
        Ok(())
    }

    /// The version that the Uninstall keys give for a product whose name contains this.
    #[must_use]
    pub fn installed_version(&self, name: &str) -> Option<String> {
        self.registry.installed().into_iter().find(|p| p.name.contains(name)).map(|package| package.version)
    }
}

fn drop_empty_folders(disk: &mut Disk, root: &ServerPath) {
    let root = key(root);
    let below = format!("{root}\\");
    let files = &disk.files;
    disk.folders.retain(|folder, _| {
        let used = || beginning(files, &format!("{folder}\\")).next().is_some();
        !(**folder == *root || folder.starts_with(&below)) || used()
    });
}
