//! Exchange, services, packages, agents, the registry.

use super::Building;
use crate::{
    world::{
        agents::AgentRow,
        content::Content,
        registry::UNINSTALL,
        services::{SimService, key},
        transport::{EDGE_ROLE, SETUP},
    },
    worlds::exchange::{self, add_service},
};
use mailsec_core::{
    Code, Failure,
    host::{RegistryView, Service, ServiceState, TransportService},
    product::{Fact, FactQuery},
    values::ServerPath,
};
use std::sync::Arc;

const WIDE: RegistryView = RegistryView::Wide;

impl Building<'_> {
    pub(super) fn server(&mut self) -> Result<(), Failure> {
        self.world.server.clone_from(&self.facts.server);
        let edge = self.exchange()?;
        self.services()?;
        self.packages()?;
        self.registry();
        self.agents(edge)?;
        if let Ok(signs) = self.facts.pending_restart(&FactQuery::PendingRestart) {
            self.world.pending = signs.clone();
        }
        if self.facts.installer_busy(&FactQuery::InstallerBusy).is_ok_and(|busy| *busy) {
            self.assume("the installation that was running when the facts were taken is over");
        }
        Ok(())
    }

    /// Answers whether it is an Edge server.
    fn exchange(&mut self) -> Result<bool, Failure> {
        let exchange = self.facts.exchange(&FactQuery::Exchange).map_err(unfit)?.clone();
        let exchange =
            exchange.ok_or_else(|| Failure::new(Code::FactsUnfit, "the facts show no Exchange server"))?;
        _ = self.world.disk.remove(&ServerPath::new(exchange::FOLDER));
        let names = ["MsiProductMajor", "MsiProductMinor", "MsiBuildMajor", "MsiBuildMinor"];
        for (name, part) in names.into_iter().zip(exchange.version.splitn(4, '.')) {
            self.world.registry.set(WIDE, SETUP, name, part);
        }
        self.world.registry.set(WIDE, SETUP, "MsiInstallPath", exchange.folder.as_str());
        if exchange.edge {
            self.world.registry.set(WIDE, EDGE_ROLE, "", "");
        }
        Ok(exchange.edge)
    }

    fn services(&mut self) -> Result<(), Failure> {
        let services = self.facts.services(&FactQuery::Services).map_err(unfit)?;
        let usual = std::mem::take(&mut self.world.services);
        let mut unknown = false;
        for seen in services {
            let known = usual.get(key(seen.name.as_str()).as_str()).map(|known| &**known);
            unknown |= known.is_none();
            let service = self.service(seen, known, services);
            add_service(&mut self.world, service);
        }
        if unknown {
            self.assume("services that are not Exchange's own depend on no other service");
        }
        Ok(())
    }

    fn service(&mut self, seen: &Service, known: Option<&SimService>, all: &[Service]) -> SimService {
        let runs = match seen.state {
            ServiceState::Running => true,
            ServiceState::Stopped => false,
            other => {
                let runs = matches!(other, ServiceState::Starting | ServiceState::Paused);
                let now = if runs { "runs" } else { "is stopped" };
                self.assume(format!("the service {}, which was {other:?}, {now}", seen.name));
                runs
            }
        };
        let fresh = SimService::new(seen.name.as_str(), &seen.display, self.world.now);
        let known = known.unwrap_or(&fresh);
        let there = |name: &&String| all.iter().any(|other| other.name.as_str().eq_ignore_ascii_case(name));
        SimService {
            name: seen.name.clone(),
            display: seen.display.clone(),
            state: if runs { ServiceState::Running } else { ServiceState::Stopped },
            start: seen.start,
            account: seen.account.clone(),
            image: seen.image.clone(),
            depends: known.depends.iter().filter(there).cloned().collect(),
            started: runs.then(|| seen.started.unwrap_or(self.world.now).min(self.world.now)),
            ..known.clone()
        }
    }

    fn packages(&mut self) -> Result<(), Failure> {
        for package in self.facts.packages(&FactQuery::Packages).map_err(unfit)? {
            let entry = format!(r"{UNINSTALL}\{}", package.key);
            let location = package.location.as_ref().map_or("", ServerPath::as_str);
            let values = [
                ("DisplayName", package.name.as_str()),
                ("DisplayVersion", &package.version),
                ("Publisher", &package.publisher),
                ("InstallLocation", location),
            ];
            for (name, value) in values {
                self.world.registry.set(WIDE, &entry, name, value);
            }
        }
        Ok(())
    }

    fn registry(&mut self) {
        for (query, fact) in self.facts.iter() {
            if let (FactQuery::Registry(view, key, name), Fact::Registry(Some(value))) = (query, fact) {
                self.world.registry.set(*view, key, name, value.clone());
            }
        }
    }

    fn agents(&mut self, edge: bool) -> Result<(), Failure> {
        let agents = self.facts.agents(&FactQuery::Agents).map_err(unfit)?;
        let hub = if edge { TransportService::Edge } else { TransportService::Hub };
        for service in [hub, TransportService::FrontEnd] {
            if service == TransportService::FrontEnd && edge {
                continue;
            }
            let mut own: Vec<_> = agents.iter().filter(|agent| agent.id.service == service).collect();
            own.sort_by_key(|agent| agent.priority);
            let rows = own.iter().map(|agent| {
                let row = AgentRow::new(&agent.id.name, &agent.factory, &agent.assembly);
                Arc::new(AgentRow { enabled: agent.enabled, ..row })
            });
            let file = self.world.agents_file(service)?;
            self.world.disk.put(&file, Content::of_agents(rows.collect()), self.world.now);
        }
        self.world.mail.scanners = self.plan.scanners.iter().map(|id| id.name.to_string()).collect();
        Ok(())
    }

    /// Once their files are there, running transport services have their agents loaded.
    pub(super) fn load_agents(&mut self) {
        self.world.loaded.clear();
        for service in ["msexchangetransport", "msexchangefrontendtransport"] {
            let runs = self.world.service(service).is_ok_and(|it| it.state == ServiceState::Running);
            if runs && self.world.load_agents(service).is_err() {
                self.assume(format!(
                    "{service}, which runs, would not start again: an agent that is enabled has no file"
                ));
            }
        }
        self.world.refresh_mail();
    }
}

fn unfit(failure: Failure) -> Failure {
    Failure::new(Code::FactsUnfit, "the facts leave out what no server can be built without").cause(failure)
}
