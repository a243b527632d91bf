//! Sample servers with a product that is told in a few values.

use super::exchange::{add_service, mailbox_server};
use crate::world::{
    World,
    agents::AgentRow,
    registry::UNINSTALL,
    script::{Script, Stage},
    services::SimService,
};
use mailsec_core::{
    host::{PackageKind, RegistryView, Signature, TransportService},
    values::ServerPath,
};
use std::{collections::BTreeMap, sync::Arc};

/// How many of Exchange's own agents run before those of a product.
const AGENTS_AFTER: usize = 4;
const VIEW: RegistryView = RegistryView::Wide;

/// One version of a product, as it lies on a server. Paths are below its folder.
#[derive(Clone, Debug)]
pub struct Sample {
    name: String,
    version: String,
    folder: ServerPath,
    code: String,
    publisher: String,
    services: Vec<(String, String, ServerPath)>,
    agents: Vec<(String, String, ServerPath)>,
    files: BTreeMap<ServerPath, String>,
    kept: Option<ServerPath>,
}

impl Sample {
    /// A product of this name and version, in this folder, with this MSI product code.
    #[must_use]
    pub fn new(name: &str, version: &str, folder: &str, code: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            folder: ServerPath::new(folder),
            code: code.to_owned(),
            publisher: "Sample Publisher".to_owned(),
            services: Vec::new(),
            agents: Vec::new(),
            files: BTreeMap::new(),
            kept: None,
        }
    }

    /// By this publisher, who signs its installers.
    #[must_use]
    pub fn publisher(mut self, publisher: &str) -> Self {
        publisher.clone_into(&mut self.publisher);
        self
    }

    /// With a service that runs this program as LocalSystem.
    #[must_use]
    pub fn service(mut self, name: &str, display: &str, program: &str) -> Self {
        self.services.push((name.to_owned(), display.to_owned(), self.folder.join(program)));
        self
    }

    /// With a transport agent in this assembly.
    #[must_use]
    pub fn agent(mut self, name: &str, factory: &str, assembly: &str) -> Self {
        self.agents.push((name.to_owned(), factory.to_owned(), self.folder.join(assembly)));
        self
    }

    /// With a file.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(self.folder.join(path), text.to_owned());
        self
    }

    /// Installers of later versions leave this folder as it is: settings, say.
    #[must_use]
    pub fn keeps(mut self, folder: &str) -> Self {
        self.kept = Some(self.folder.join(folder));
        self
    }

    /// An Exchange server on which this version is installed and runs.
    #[must_use]
    pub fn server(&self) -> World {
        let mut world = mailbox_server();
        let now = world.now;
        for (path, text) in self.programs().into_iter().chain(self.files.clone()) {
            world.disk.put(&path, text, now);
        }
        for (name, value) in self.entry() {
            world.registry.set(VIEW, &self.key(), &name, value);
        }
        world.removals.insert(self.code.clone(), self.removal().into());
        for (name, display, image) in &self.services {
            let service = SimService { image: Some(image.clone()), ..SimService::new(name, display, now) };
            add_service(&mut world, service);
        }
        let mut rows = world.agent_rows(TransportService::Hub).unwrap_or_default().to_vec();
        for (index, (name, factory, assembly)) in self.agents.iter().enumerate() {
            let place = (AGENTS_AFTER + index).min(rows.len());
            rows.insert(place, Arc::new(AgentRow::new(name, factory, assembly)));
        }
        // A fresh server's disk has room for the file.
        _ = world.set_agent_rows(TransportService::Hub, rows);
        _ = world.load_agents("msexchangetransport");
        world.mail.scanners = self.agents.iter().map(|(name, ..)| name.clone()).collect();
        world.refresh_mail();
        world
    }

    /// Puts an MSI package there that leads from another version to this one. It registers no agents.
    pub fn put_installer(&self, world: &mut World, path: &str, from: &Self) {
        world.disk.put(&ServerPath::new(path), self.installer(from).text(), world.now);
    }

    /// That package, to be changed at will: it could ask for a restart, fail, or be a program.
    #[must_use]
    pub fn installer(&self, from: &Self) -> Script {
        let mut stages: Vec<Stage> =
            from.services.iter().map(|(name, ..)| Stage::StopService(name.clone())).collect();
        stages.push(Stage::RemoveKey { view: VIEW, key: from.key() });
        stages.push(Stage::RemoveFiles { folder: from.folder.clone(), keep: from.kept.clone() });
        stages.push(Stage::WriteFiles(self.programs()));
        stages.push(Stage::AddFiles(self.files.clone()));
        for (name, display, image) in &self.services {
            let (name, display, image) = (name.clone(), display.clone(), image.clone());
            stages.push(Stage::Service { name, display, image, log_on: None });
        }
        stages.push(Stage::WriteKey { view: VIEW, key: self.key(), values: self.entry() });
        stages.extend(self.services.iter().map(|(name, ..)| Stage::StartService(name.clone())));
        Script {
            product: self.name.clone(),
            version: self.version.clone(),
            product_code: Some(self.code.clone()),
            kind: PackageKind::Msi,
            signature: Signature::Valid(self.publisher.clone()),
            folder: self.folder.clone(),
            stages: stages.into(),
            removal: self.removal().into(),
            wants_restart: false,
            fails_at: None,
        }
    }

    fn programs(&self) -> BTreeMap<ServerPath, String> {
        let images = self.services.iter().map(|(.., image)| image);
        let assemblies = self.agents.iter().map(|(.., assembly)| assembly);
        let text = |path: &ServerPath| format!("{} of {} {}", path.file_name(), self.name, self.version);
        images.chain(assemblies).map(|path| (path.clone(), text(path))).collect()
    }

    fn key(&self) -> String {
        format!(r"{UNINSTALL}\{}", self.code)
    }

    fn entry(&self) -> BTreeMap<String, String> {
        let values = [
            ("DisplayName", self.name.as_str()),
            ("DisplayVersion", &self.version),
            ("Publisher", &self.publisher),
            ("InstallLocation", self.folder.as_str()),
        ];
        values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn removal(&self) -> Vec<Stage> {
        let stop = self
            .services
            .iter()
            .flat_map(|(name, ..)| [Stage::StopService(name.clone()), Stage::RemoveService(name.clone())]);
        let rest = [
            Stage::RemoveFiles { folder: self.folder.clone(), keep: None },
            Stage::RemoveKey { view: VIEW, key: self.key() },
        ];
        stop.chain(rest).collect()
    }
}
