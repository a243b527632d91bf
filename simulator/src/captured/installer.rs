//! An installer that behaves as those of the product do in the simulator, behind the digest of the real one.

use super::Building;
use crate::world::{
    act::{ACCOUNT_PROPERTY, PASSWORD_PROPERTY},
    content::{Content, Pretended},
    registry::UNINSTALL,
    script::{Script, Stage},
    tool::Tool,
};
use mailsec_core::{
    host::{PackageKind, RegistryView, Signature},
    plan::{InstallerMode, Operation},
    product::{Fact, FactQuery},
    values::ServerPath,
};
use std::collections::BTreeMap;

pub(super) const VIEWS: [RegistryView; 2] = [RegistryView::Wide, RegistryView::Narrow];

impl Building<'_> {
    pub(super) fn installer(&mut self) {
        if let Some(key) = self.old_key() {
            let removal = self.removal(&key);
            self.world.removals.insert(key, removal.into());
        }
        let Some((expected, _)) = self.installs() else { return };
        let seen = self.package();
        if seen.is_none() {
            self.assume(format!("{} is the installer that the plan expects", expected.path));
        }
        let script = self.script();
        let text = script.text();
        let size = seen.map_or(u64::try_from(text.len()).unwrap_or(u64::MAX), |file| file.size);
        let content = Content::pretending(text, Pretended { size, digest: Some(expected.digest) });
        self.world.disk.put(&expected.path, content, self.world.now);
        let what = match script.kind {
            PackageKind::Msi => "takes back what it did when it fails, as Windows Installer does",
            PackageKind::Exe => "leaves what it did when it fails",
        };
        self.assume(format!("the installer ends with 0, keeps the product's folder, and {what}"));
        self.assume(match self.is_eset() {
            true => {
                "the installer registers the product's transport agents, enabled, under their present names"
            }
            false => "the installer registers no transport agents and leaves their files where they are",
        });
    }

    /// The product's own entry among the installed packages.
    fn old_key(&self) -> Option<String> {
        let packages = self.facts.packages(&FactQuery::Packages).ok()?;
        let own = packages.iter().find(|package| {
            self.installation.product_code.as_ref() == Some(&package.key)
                || package.name == self.installation.name
        });
        own.map(|package| package.key.clone())
    }

    fn script(&self) -> Script {
        let (seen, installs) = (self.package(), self.installs());
        let kind = installs.map_or(PackageKind::Msi, |(expected, _)| expected.kind);
        let to = self.plan.to.to_string();
        let signer = installs.and_then(|(expected, _)| expected.signer.clone());
        let code = seen.and_then(|file| file.product_code.clone());
        let code = code.unwrap_or_else(|| "{5150EEEE-0000-4000-8000-000000000001}".to_owned());
        Script {
            product: seen.and_then(|f| f.product.clone()).unwrap_or_else(|| self.plan.naming.after.clone()),
            version: seen.and_then(|file| file.version.clone()).unwrap_or(to),
            kind,
            signature: match seen {
                Some(file) => file.signature.clone(),
                None => signer.map_or(Signature::Absent, Signature::Valid),
            },
            folder: self.installation.folder.clone(),
            stages: self.stages(&code).into(),
            removal: self.removal(&code).into(),
            product_code: Some(code),
            wants_restart: false,
            fails_at: None,
        }
    }

    fn stages(&self, code: &str) -> Vec<Stage> {
        let folder = &self.installation.folder;
        let mut stages = self.stop();
        if let Some(old) = self.old_key() {
            let key = format!(r"{UNINSTALL}\{old}");
            stages.extend(VIEWS.map(|view| Stage::RemoveKey { view, key: key.clone() }));
        }
        stages.push(Stage::RemoveFiles { folder: folder.clone(), keep: Some(self.settings()) });
        stages.push(Stage::WriteFiles(self.programs()));
        if self.is_eset() {
            stages.push(self.eset_settings());
        }
        for service in &self.installation.services {
            let Some(image) = &service.image else { continue };
            stages.push(Stage::Service {
                name: service.name.as_str().to_owned(),
                display: service.display.to_string(),
                image: image.clone(),
                log_on: self.takes_account(service.name.as_str()),
            });
        }
        stages.push(Stage::WriteKey {
            view: RegistryView::Wide,
            key: format!(r"{UNINSTALL}\{code}"),
            values: values(&[
                ("DisplayName", &self.plan.naming.after),
                ("DisplayVersion", &self.plan.to.to_string()),
                ("Publisher", "Simulated"),
                ("InstallLocation", folder.as_str()),
            ]),
        });
        if self.is_eset() {
            stages.extend(self.eset_info(code));
        }
        let running = self.installation.services.iter().filter(|service| service.is_running());
        stages.extend(running.map(|service| Stage::StartService(service.name.as_str().to_owned())));
        if self.is_eset() && !self.installation.agents.is_empty() {
            let agents = self.installation.agents.iter();
            let row = agents.map(|a| (a.id.name.to_string(), a.factory.to_string(), a.assembly.clone()));
            stages.push(Stage::RegisterAgents { agents: row.collect(), enable: true });
        }
        stages
    }

    /// What removing the product does: its settings go with it.
    fn removal(&self, code: &str) -> Vec<Stage> {
        let mut stages = self.stop();
        let services = self.installation.services.iter();
        stages.extend(services.map(|service| Stage::RemoveService(service.name.as_str().to_owned())));
        stages.push(Stage::RemoveFiles { folder: self.installation.folder.clone(), keep: None });
        let key = format!(r"{UNINSTALL}\{code}");
        stages.extend(VIEWS.map(|view| Stage::RemoveKey { view, key: key.clone() }));
        if self.is_eset() {
            stages.extend(Self::eset_removal());
        }
        stages
    }

    fn stop(&self) -> Vec<Stage> {
        let services = self.installation.services.iter();
        services.map(|service| Stage::StopService(service.name.as_str().to_owned())).collect()
    }

    /// The folder with the settings, which an installation over another leaves alone.
    pub(super) fn settings(&self) -> ServerPath {
        let tree = self.facts.iter().find_map(|(query, _)| match query {
            FactQuery::Tree(folder) if folder.is_under(&self.installation.folder) => Some(folder.clone()),
            _ => None,
        });
        tree.unwrap_or_else(|| self.installation.folder.join("SimData"))
    }

    /// The new version's programs: as many as were seen of the old one.
    fn programs(&self) -> BTreeMap<ServerPath, String> {
        let folder = &self.installation.folder;
        let text = |path: &ServerPath| format!("{} of {}", path.file_name(), self.plan.to);
        let images = self.installation.services.iter().filter_map(|service| service.image.clone());
        let assemblies = self.installation.agents.iter().map(|agent| agent.assembly.clone());
        let programs = self.facts.iter().flat_map(|(_, fact)| match fact {
            Fact::Programs(programs) => programs.iter().map(|program| program.image.clone()).collect(),
            _ => Vec::new(),
        });
        let all = images.chain(assemblies).chain(programs).filter(|path| path.is_under(folder));
        let mut files: BTreeMap<ServerPath, String> = all.map(|path| (path.clone(), text(&path))).collect();
        if self.is_eset() {
            files.insert(folder.join("ecmd.exe"), Tool::Ecmd.text());
        }
        files
    }

    /// The properties with which the plan gives a service's account to the installer, if it does.
    fn takes_account(&self, service: &str) -> Option<(String, String)> {
        let (planned, account) = self.planned_account()?;
        let (_, mode) = self.installs()?;
        if !planned.as_str().eq_ignore_ascii_case(service) {
            return None;
        }
        let InstallerMode::Silent { arguments, secrets } = mode else {
            return Some((ACCOUNT_PROPERTY.to_owned(), PASSWORD_PROPERTY.to_owned()));
        };
        let proven = self.plan.steps.iter().find_map(|step| match &step.operation {
            Operation::ProveCredentials { password, .. } => Some(password),
            _ => None,
        })?;
        let named = account.to_string();
        let name =
            arguments.iter().filter_map(|argument| argument.split_once('=')).find(|(_, v)| *v == named)?.0;
        let password = secrets.iter().find(|property| property.secret == *proven)?;
        Some((name.to_owned(), password.name.clone()))
    }
}

/// The values of a registry key.
pub(super) fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
