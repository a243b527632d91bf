//! Looking at installers, and how one begins.

use super::{
    Due, World,
    installer::{Running, STAGE_MS, Snapshot},
    registry::UNINSTALL,
    script::Script,
};
use crate::fate::Fate;
use mailsec_core::{
    Code, Failure,
    host::{Answer, InstallerOutcome, PackageFile, PackageKind, RegistryView, Signature},
    values::{ServerPath, Timestamp},
};
use std::{collections::BTreeMap, time::Duration};

/// What an installer is given.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) log: Option<ServerPath>,
}

impl World {
    fn script(&self, path: &ServerPath) -> Answer<Option<&Script>> {
        let content = self.disk.read(path).map_err(|failure| {
            Failure::new(Code::PackageMissing, format!("{path} cannot be read")).cause(failure).ask()
        })?;
        Ok(content.script())
    }

    /// Looks at an installer.
    ///
    /// # Errors
    /// [`Code::PackageMissing`].
    pub fn inspect(&self, path: &ServerPath) -> Answer<PackageFile> {
        let script = self.script(path)?;
        let content = self.disk.read(path)?;
        let by_name = || match path.as_str().to_ascii_lowercase().ends_with(".msi") {
            true => PackageKind::Msi,
            false => PackageKind::Exe,
        };
        Ok(PackageFile {
            path: path.clone(),
            kind: script.map_or_else(by_name, |script| script.kind),
            size: content.size(),
            digest: content.digest(),
            product: script.map(|script| script.product.clone()),
            version: script.map(|script| script.version.clone()),
            product_code: script.and_then(|script| script.product_code.clone()),
            signature: script.map_or(Signature::Absent, |script| script.signature.clone()),
        })
    }

    /// Whether an installation is running, ours or another.
    #[must_use]
    pub fn installer_busy(&self) -> bool {
        self.installer.is_some() || self.faults.busy_until.is_some_and(|until| self.now < until)
    }

    /// Begins an installation, and says how it ended when it ended at once.
    pub(crate) fn begin_install(
        &mut self,
        fate: &mut Fate,
        path: &ServerPath,
        given: Given,
    ) -> Answer<Option<InstallerOutcome>> {
        let Some(script) = self.script(path)?.cloned() else {
            return Ok(Some(InstallerOutcome::Failed(1620)));
        };
        if self.installer_busy() {
            return Ok(Some(InstallerOutcome::Busy));
        }
        let exit = match self.faults.installer_exits.is_empty() {
            false => Some(self.faults.installer_exits.remove(0)),
            true => [None, Some(3010), Some(1641), Some(1618), Some(1603), Some(1602)]
                .get(fate.choose("install: outcome", 6))
                .copied()
                .flatten(),
        };
        match exit {
            Some(1618) => {
                self.faults.busy_until = Some(self.now.after(Duration::from_secs(60)));
                return Ok(Some(InstallerOutcome::Busy));
            }
            Some(1602) => return Ok(Some(InstallerOutcome::Cancelled)),
            _ => {}
        }
        self.end_suspended();
        let middle = script.stages.len() / 2;
        let fails_at = script.fails_at.or_else(|| (exit == Some(1603)).then_some(middle));
        let msi = script.kind == PackageKind::Msi;
        self.installer = Some(Running {
            package: path.clone(),
            snapshot: msi.then(|| Box::new(Snapshot::take(self, &script.folder))),
            stages: script.stages,
            removal: script.product_code.map(|code| (code, script.removal)),
            next: 0,
            fails_at,
            exit: exit.filter(|exit| matches!(exit, 3010 | 1641)),
            needs_restart: script.wants_restart,
            properties: given.properties,
            log: given.log,
        });
        self.vault.installer = given.secrets;
        self.schedule(STAGE_MS, Due::Installer);
        Ok(None)
    }

    pub(crate) fn begin_uninstall(&mut self, code: &str, given: Given) -> Option<InstallerOutcome> {
        if self.installer_busy() {
            return Some(InstallerOutcome::Busy);
        }
        // What was interrupted is taken back before anything else is looked at.
        self.end_suspended();
        let Some(entry) = self.registry.installed().into_iter().find(|p| p.key.eq_ignore_ascii_case(code))
        else {
            return Some(InstallerOutcome::Failed(1605));
        };
        let exit = (!self.faults.installer_exits.is_empty()).then(|| self.faults.installer_exits.remove(0));
        if exit == Some(1602) {
            return Some(InstallerOutcome::Cancelled);
        }
        let key = format!(r"{UNINSTALL}\{}", entry.key);
        let views = [RegistryView::Wide, RegistryView::Narrow];
        let unlisted = views.map(|view| super::script::Stage::RemoveKey { view, key: key.clone() });
        let stages = self.removals.get(&entry.key).cloned().unwrap_or_default();
        let folder = entry.location.unwrap_or_else(|| ServerPath::new(r"C:\nowhere"));
        // A product that is protected refuses to be removed without its password.
        let protects = |stage: &super::script::Stage| match stage {
            super::script::Stage::ForgetPassword(product) => self.vault.products.get(product),
            _ => None,
        };
        let refused = stages
            .iter()
            .find_map(protects)
            .is_some_and(|password| given.secrets.get("PASSWORD") != Some(password));
        self.installer = Some(Running {
            package: ServerPath::new(entry.key),
            snapshot: Some(Box::new(Snapshot::take(self, &folder))),
            stages: stages.iter().cloned().chain(unlisted).collect::<Vec<_>>().into(),
            removal: None,
            next: 0,
            fails_at: (refused || exit == Some(1603)).then_some(usize::from(!refused)),
            exit: exit.filter(|exit| matches!(exit, 3010 | 1641)),
            needs_restart: false,
            properties: given.properties,
            log: given.log,
        });
        self.vault.installer = given.secrets;
        self.schedule(STAGE_MS, Due::Installer);
        None
    }

    /// Waits for the running installer; after the limit it is left running.
    pub(crate) fn await_installer(&mut self, fate: &mut Fate, until: Timestamp) -> Answer<InstallerOutcome> {
        while self.installer.is_some() {
            let next = self.next_due().map(|index| self.agenda[index].at).filter(|at| *at <= until);
            self.advance(fate, next.unwrap_or(until).since(self.now))?;
            if next.is_none() {
                return Err(Failure::new(Code::TimeLimit, "the installer has not ended in time").retry());
            }
        }
        Ok(self.last_exit.take().map_or(InstallerOutcome::Failed(1603), InstallerOutcome::from_exit_code))
    }
}
