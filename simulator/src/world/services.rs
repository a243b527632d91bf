//! The service manager.

use super::{Due, World};
use crate::fate::Fate;
use mailsec_core::{
    Code, Failure,
    host::{Answer, Credentials, Service, ServiceName, ServiceState, StartMode},
    values::{AccountName, ServerPath, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// How much longer than usual a service takes that is slow.
const SLOW_MS: u64 = 15 * 60_000;

/// What the event log calls a service that takes longer to start than usual.
pub(crate) const HUNG_ON_STARTING: u32 = 7_022;

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimService {
    /// Short name.
    pub name: ServiceName,
    /// Display name.
    pub display: Arc<str>,
    /// Whether it runs.
    pub state: ServiceState,
    /// When Windows starts it.
    pub start: StartMode,
    /// Log-on account.
    pub account: Arc<str>,
    /// Program.
    pub image: Option<ServerPath>,
    /// Short names of what it needs.
    pub depends: Vec<String>,
    /// How long it takes to start.
    pub start_ms: u64,
    /// How long it takes to stop.
    pub stop_ms: u64,
    /// When its process started.
    pub started: Option<Timestamp>,
    /// Its process.
    pub pid: Option<u32>,
    /// Why it did not start when it was last asked to.
    pub trouble: Option<String>,
}

impl SimService {
    /// A running service that starts by itself, as LocalSystem.
    #[must_use]
    pub fn new(name: &str, display: &str, since: Timestamp) -> Self {
        Self {
            name: ServiceName::new(name),
            display: display.into(),
            state: ServiceState::Running,
            start: StartMode::Automatic,
            account: "LocalSystem".into(),
            image: None,
            depends: Vec::new(),
            start_ms: 2_000,
            stop_ms: 1_000,
            started: Some(since),
            pid: None,
            trouble: None,
        }
    }

    /// As the port shows it.
    #[must_use]
    pub fn shown(&self) -> Service {
        Service {
            name: self.name.clone(),
            display: self.display.clone(),
            state: self.state,
            start: self.start,
            account: self.account.clone(),
            image: self.image.clone(),
            started: self.started,
        }
    }
}

pub(crate) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl World {
    /// A service by short name.
    ///
    /// # Errors
    /// [`Code::ServiceNotFound`].
    pub fn service(&self, name: &str) -> Answer<&SimService> {
        self.services.get(key(name).as_str()).map(|service| &**service).ok_or_else(|| not_found(name))
    }

    /// A service to be changed.
    ///
    /// # Errors
    /// [`Code::ServiceNotFound`].
    pub fn service_mut(&mut self, name: &str) -> Answer<&mut SimService> {
        self.services.get_mut(key(name).as_str()).map(|service| &mut **service).ok_or_else(|| not_found(name))
    }

    /// Starts a service and what it depends on, and waits.
    pub(crate) fn start_service(&mut self, fate: &mut Fate, name: &str, limit: Duration) -> Answer<()> {
        let until = self.now.after(limit);
        self.start_until(fate, &key(name), until)
    }

    fn start_until(&mut self, fate: &mut Fate, name: &str, until: Timestamp) -> Answer<()> {
        self.wait_while(fate, name, ServiceState::Stopping, until)?;
        let service = self.service(name)?;
        if service.state == ServiceState::Running {
            return Ok(());
        }
        if service.start == StartMode::Disabled {
            let why = "the service cannot be started, because it is disabled (1058)";
            return Err(start_failure(service, why));
        }
        for needed in service.depends.clone() {
            self.start_until(fate, &key(&needed), until)?;
        }
        if self.service(name)?.state != ServiceState::Starting {
            self.request_start(fate, name)?;
            fate.point(self, "start service: requested")?;
        }
        self.wait_while(fate, name, ServiceState::Starting, until)?;
        let service = self.service(name)?;
        if service.state == ServiceState::Running {
            return Ok(());
        }
        let why = service.trouble.clone().unwrap_or_else(|| "it stopped at once".to_owned());
        Err(start_failure(service, &why))
    }

    fn request_start(&mut self, fate: &mut Fate, name: &str) -> Answer<()> {
        let mut outcome = fate.choose("start service: outcome", 3);
        if let Some(left) = self.faults.start_failures.get_mut(name).filter(|left| **left > 0) {
            *left -= 1;
            outcome = 1;
        }
        let trouble = if outcome == 1 {
            Some("the service did not respond to the start request in a timely fashion (1053)".to_owned())
        } else {
            self.log_on_trouble(name)
        };
        let service = self.service_mut(name)?;
        service.trouble.clone_from(&trouble);
        if let Some(why) = trouble {
            let failure = start_failure(service, &why);
            let text = format!("The {} service failed to start: {why}", service.display);
            self.log("Service Control Manager", 7000, text);
            return Err(failure);
        }
        service.state = ServiceState::Starting;
        let takes = service.start_ms + if outcome == 2 { SLOW_MS } else { 0 };
        if outcome == 2 {
            let text = format!("The {} service hung on starting.", service.display);
            self.log("Service Control Manager", HUNG_ON_STARTING, text);
        }
        self.schedule(takes, Due::ServiceUp(name.into()));
        self.refresh_mail();
        Ok(())
    }

    /// Why the service's account cannot log on, if it cannot.
    pub(crate) fn log_on_trouble(&self, name: &str) -> Option<String> {
        let service = self.services.get(name)?;
        let account = AccountName::parse(&service.account).ok()?;
        if !account.domain().eq_ignore_ascii_case(&self.directory.domain) {
            return None;
        }
        let password = self.vault.services.get(name).map_or("", String::as_str);
        match self.credentials(&account, password) {
            Ok(Credentials::Valid) => None,
            _ => Some("the service did not start due to a logon failure (1069)".to_owned()),
        }
    }

    /// Stops a service and what depends on it, and waits.
    pub(crate) fn stop_service(&mut self, fate: &mut Fate, name: &str, limit: Duration) -> Answer<()> {
        let until = self.now.after(limit);
        self.stop_until(fate, &key(name), until)
    }

    fn stop_until(&mut self, fate: &mut Fate, name: &str, until: Timestamp) -> Answer<()> {
        self.wait_while(fate, name, ServiceState::Starting, until)?;
        if self.service(name)?.state == ServiceState::Stopped {
            return Ok(());
        }
        for dependent in self.dependents(name) {
            self.stop_until(fate, &dependent, until)?;
        }
        if self.service(name)?.state != ServiceState::Stopping {
            let slow = fate.choose("stop service: outcome", 2) == 1;
            let service = self.service_mut(name)?;
            service.state = ServiceState::Stopping;
            let takes = service.stop_ms + if slow { SLOW_MS } else { 0 };
            self.schedule(takes, Due::ServiceDown(name.into()));
            self.refresh_mail();
            fate.point(self, "stop service: requested")?;
        }
        self.wait_while(fate, name, ServiceState::Stopping, until)
    }

    fn dependents(&self, name: &str) -> Vec<Arc<str>> {
        let needs = |service: &SimService| service.depends.iter().any(|needed| key(needed) == name);
        self.services.iter().filter(|(_, service)| needs(service)).map(|(key, _)| key.clone()).collect()
    }

    fn wait_while(
        &mut self,
        fate: &mut Fate,
        name: &str,
        state: ServiceState,
        until: Timestamp,
    ) -> Answer<()> {
        while self.service(name)?.state == state {
            let next = self.next_due().map(|index| self.agenda[index].at).filter(|at| *at <= until);
            self.advance(fate, next.unwrap_or(until).since(self.now))?;
            if next.is_none() {
                let text = format!("{} is {} still", self.service(name)?.display, lower(state));
                return Err(Failure::new(Code::TimeLimit, text).retry());
            }
        }
        Ok(())
    }

    pub(crate) fn service_up(&mut self, name: &str) {
        let missing = self.services.get(name).and_then(|service| {
            let down = |needed: &&String| {
                self.services.get(key(needed).as_str()).is_none_or(|s| s.state != ServiceState::Running)
            };
            service.depends.iter().find(down).map(|needed| format!("{needed} does not run (1068)"))
        });
        match missing.map_or_else(|| self.load_agents(name), Err) {
            Ok(()) => self.switch_on(name),
            Err(why) => {
                self.switch_off(name);
                if let Some(service) = self.services.get_mut(name) {
                    service.trouble = Some(why);
                }
            }
        }
    }

    pub(crate) fn service_down(&mut self, name: &str) {
        self.switch_off(name);
    }

    /// The service runs from now on.
    pub(crate) fn switch_on(&mut self, name: &str) {
        let (now, pid) = (self.now, self.take_pid());
        if let Some(service) = self.services.get_mut(name) {
            service.state = ServiceState::Running;
            service.started = Some(now);
            service.pid = Some(pid);
            service.trouble = None;
        }
        self.refresh_mail();
    }

    /// The service does not run from now on.
    pub(crate) fn switch_off(&mut self, name: &str) {
        if let Some(service) = self.services.get_mut(name) {
            service.state = ServiceState::Stopped;
            service.started = None;
            service.pid = None;
        }
        self.loaded.remove(name);
        self.agenda.retain(|entry| match &entry.what {
            Due::ServiceUp(service) | Due::ServiceDown(service) | Due::ServiceDies(service) => {
                **service != *name
            }
            Due::Installer | Due::PowerOff => true,
        });
        self.disk.unlock(|lock| lock.service.as_deref().is_some_and(|service| key(service) == name));
        self.refresh_mail();
    }
}

impl World {
    /// A service and what needs it are down from now on, without a word.
    pub(crate) fn take_down(&mut self, name: &str) {
        for dependent in self.dependents(name) {
            self.take_down(&dependent);
        }
        self.switch_off(name);
    }
}

fn lower(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Stopped => "stopped",
        ServiceState::Starting => "starting",
        ServiceState::Running => "running",
        ServiceState::Stopping => "stopping",
        ServiceState::Paused => "paused",
    }
}

fn not_found(name: &str) -> Failure {
    Failure::new(Code::ServiceNotFound, format!("there is no service {name}"))
}

fn start_failure(service: &SimService, why: &str) -> Failure {
    Failure::new(Code::ServiceStart, format!("{} did not start", service.display)).cause(why)
}
