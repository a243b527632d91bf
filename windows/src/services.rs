//! The service manager's port.

use crate::{
    command_line::program_of,
    os_error::system_failure,
    win::{
        process::{self, Process},
        rights, scm, wide,
    },
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, Service, ServiceName, ServiceState, Services, StartMode},
    values::{AccountName, Secret},
};
use mailsec_mail::blocking;
use std::{
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use windows_sys::Win32::System::Services::{
    SERVICE_AUTO_START, SERVICE_CHANGE_CONFIG, SERVICE_CONTINUE_PENDING, SERVICE_DEMAND_START,
    SERVICE_DISABLED, SERVICE_ENUMERATE_DEPENDENTS, SERVICE_PAUSE_PENDING, SERVICE_PAUSED,
    SERVICE_QUERY_CONFIG, SERVICE_QUERY_STATUS, SERVICE_RUNNING, SERVICE_START, SERVICE_START_PENDING,
    SERVICE_STOP, SERVICE_STOP_PENDING, SERVICE_STOPPED,
};
use zeroize::Zeroizing;

// <https://learn.microsoft.com/windows/win32/debug/system-error-codes--1000-1299->
const REQUEST_TIMEOUT: i32 = 1053;
const DATABASE_LOCKED: i32 = 1055;
const ALREADY_RUNNING: i32 = 1056;
const INVALID_ACCOUNT: i32 = 1057;
const DISABLED: i32 = 1058;
const DOES_NOT_EXIST: i32 = 1060;
const CANNOT_ACCEPT_CONTROL: i32 = 1061;
const NOT_ACTIVE: i32 = 1062;
const DEPENDENCY_FAILED: i32 = 1068;
const LOGON_FAILED: i32 = 1069;
const DEPENDENTS_RUNNING: i32 = 1051;
const MARKED_FOR_DELETE: i32 = 1072;
const INVALID_NAME: i32 = 123;
/// The service says with this code that its own, second code has the reason.
const SPECIFIC_ERROR: u32 = 1066;

const POLL: Duration = Duration::from_millis(200);
/// A stopped service's process may take a moment to let go of its files.
const LET_GO: Duration = Duration::from_secs(10);

/// Services of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowsServices;

#[async_trait]
impl Services for WindowsServices {
    async fn list(&self) -> Answer<Vec<Service>> {
        blocking(list).await
    }

    async fn get(&self, name: &ServiceName) -> Answer<Option<Service>> {
        let name = name.clone();
        blocking(move || get(&name)).await
    }

    async fn start(&self, _: &Permit, name: &ServiceName, limit: Duration) -> Answer<()> {
        let name = name.clone();
        blocking(move || start(&name, Deadline::after(limit))).await
    }

    async fn stop(&self, _: &Permit, name: &ServiceName, limit: Duration) -> Answer<()> {
        let name = name.clone();
        blocking(move || stop(&manager()?, &name, Deadline::after(limit), 0)).await
    }

    async fn set_start(&self, _: &Permit, name: &ServiceName, mode: StartMode) -> Answer<()> {
        let name = name.clone();
        blocking(move || {
            let (start, delayed) = match mode {
                StartMode::Automatic => (SERVICE_AUTO_START, false),
                StartMode::AutomaticDelayed => (SERVICE_AUTO_START, true),
                StartMode::Manual => (SERVICE_DEMAND_START, false),
                StartMode::Disabled => (SERVICE_DISABLED, false),
            };
            open(&manager()?, &name, SERVICE_CHANGE_CONFIG)?
                .set_start(start, delayed)
                .map_err(|e| refused(Code::ServiceConfig, &name, "cannot be given another start mode", &e))
        })
        .await
    }

    async fn set_log_on(
        &self,
        _: &Permit,
        name: &ServiceName,
        account: &AccountName,
        password: &Secret,
    ) -> Answer<()> {
        let (name, account, password) = (name.clone(), account.to_string(), password.clone());
        blocking(move || {
            let password = Zeroizing::new(wide(password.expose()));
            open(&manager()?, &name, SERVICE_CHANGE_CONFIG)?.set_log_on(&account, &password).map_err(
                |e| {
                    let failure = refused(Code::ServiceConfig, &name, "cannot be given another account", &e);
                    match e.raw_os_error() {
                        Some(INVALID_ACCOUNT) => {
                            failure.found(account.as_str()).hint("the account is unknown here").ask()
                        }
                        _ => failure,
                    }
                },
            )?;
            if let Err(error) = rights::grant_service_log_on(&account) {
                // Not the end: a policy may have granted it, and the start of the service will tell.
                tracing::warn!(%account, %error, "the right to log on as a service could not be granted");
            }
            Ok(())
        })
        .await
    }
}

/// A point in time that waiting does not pass.
#[derive(Clone, Copy)]
struct Deadline {
    at: Option<Instant>,
    limit: Duration,
}

impl Deadline {
    fn after(limit: Duration) -> Self {
        Self { at: Instant::now().checked_add(limit), limit }
    }

    fn left(self) -> Duration {
        self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Waits a moment; an error when the time is up.
    fn pause(self, name: &ServiceName, wanted: &str, state: u32) -> Result<(), Failure> {
        if self.left().is_zero() {
            return Err(Failure::new(Code::TimeLimit, format!("the service {name} takes too long"))
                .expected(format!("{wanted} within {} s", self.limit.as_secs()))
                .found(format!("{:?}", state_of(state)))
                .hint("look at its log and at the Windows event log; it may still get there")
                .retry());
        }
        thread::sleep(POLL.min(self.left()));
        Ok(())
    }
}

fn manager() -> Result<scm::Manager, Failure> {
    scm::Manager::connect()
        .map_err(|e| system_failure(Code::System, "the service manager cannot be reached", &e))
}

fn open(manager: &scm::Manager, name: &ServiceName, access: u32) -> Result<scm::Opened, Failure> {
    manager.open(name.as_str(), access).map_err(|e| match e.raw_os_error() {
        Some(DOES_NOT_EXIST | INVALID_NAME) => {
            Failure::new(Code::ServiceNotFound, format!("there is no service {name}")).cause(e)
        }
        _ => system_failure(Code::ServiceConfig, format!("the service {name} cannot be opened"), &e),
    })
}

fn refused(code: Code, name: &ServiceName, what: &str, error: &io::Error) -> Failure {
    system_failure(code, format!("the service {name} {what}"), error)
}

fn state_of(state: u32) -> ServiceState {
    match state {
        SERVICE_START_PENDING => ServiceState::Starting,
        SERVICE_RUNNING => ServiceState::Running,
        SERVICE_STOP_PENDING => ServiceState::Stopping,
        SERVICE_PAUSED | SERVICE_PAUSE_PENDING | SERVICE_CONTINUE_PENDING => ServiceState::Paused,
        _ => ServiceState::Stopped,
    }
}

fn list() -> Result<Vec<Service>, Failure> {
    let manager = manager()?;
    let found =
        manager.list().map_err(|e| system_failure(Code::ServiceConfig, "services cannot be listed", &e))?;
    let mut services = Vec::with_capacity(found.len());
    for (name, status) in found {
        let name = ServiceName::new(name);
        // It may have been removed since, and some may not be looked into: neither spoils the list.
        match open(&manager, &name, SERVICE_QUERY_CONFIG).and_then(|s| describe(&name, &s, believed(status)))
        {
            Ok(service) => services.push(service),
            Err(failure) => tracing::debug!(%name, %failure, "left out of the list of services"),
        }
    }
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}

fn get(name: &ServiceName) -> Result<Option<Service>, Failure> {
    match open(&manager()?, name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS) {
        Ok(service) => {
            let status = status(name, &service)?;
            describe(name, &service, status).map(Some)
        }
        Err(failure) if failure.code == Code::ServiceNotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn status(name: &ServiceName, service: &scm::Opened) -> Result<scm::Status, Failure> {
    let status =
        service.status().map_err(|e| refused(Code::ServiceConfig, name, "does not tell its state", &e))?;
    Ok(believed(status))
}

/// "Running" is believed only with a process: Wine's service manager does not notice that one was killed, and Windows'
/// may need a moment for it.
fn believed(status: scm::Status) -> scm::Status {
    if status.state == SERVICE_RUNNING && status.pid != 0 && process::is_gone(status.pid) {
        return scm::Status { state: SERVICE_STOPPED, pid: 0, ..status };
    }
    status
}

fn describe(name: &ServiceName, service: &scm::Opened, status: scm::Status) -> Result<Service, Failure> {
    let config =
        service.config().map_err(|e| refused(Code::ServiceConfig, name, "does not tell its settings", &e))?;
    let is_file = |path: &str| Path::new(path).is_file() || Path::new(&format!("{path}.exe")).is_file();
    let running = status.pid != 0;
    Ok(Service {
        name: name.clone(),
        display: config.display.into(),
        state: state_of(status.state),
        start: match (config.start, config.delayed) {
            (SERVICE_AUTO_START, true) => StartMode::AutomaticDelayed,
            (SERVICE_AUTO_START, false) => StartMode::Automatic,
            (SERVICE_DISABLED, _) => StartMode::Disabled,
            _ => StartMode::Manual,
        },
        account: config.account.into(),
        image: program_of(&config.command, is_file),
        started: running.then(|| Process::open(status.pid).and_then(|p| p.started()).ok()).flatten(),
    })
}

fn start(name: &ServiceName, deadline: Deadline) -> Result<(), Failure> {
    let service = open(&manager()?, name, SERVICE_START | SERVICE_QUERY_STATUS)?;
    let mut asked = false;
    loop {
        let now = status(name, &service)?;
        match state_of(now.state) {
            ServiceState::Running => return Ok(()),
            ServiceState::Paused => {
                return Err(Failure::new(Code::ServiceStart, format!("the service {name} is paused"))
                    .expected("running")
                    .found("paused")
                    .hint("let it continue, or stop it first")
                    .ask());
            }
            ServiceState::Stopped if asked => return Err(died(name, now)),
            ServiceState::Stopped => match service.start() {
                Ok(()) => asked = true,
                Err(e) if e.raw_os_error() == Some(ALREADY_RUNNING) => asked = true,
                // The service manager is starting others; it lets us in later.
                Err(e) if e.raw_os_error() == Some(DATABASE_LOCKED) => {
                    deadline.pause(name, "running", now.state)?
                }
                Err(e) => return Err(not_started(name, &e)),
            },
            ServiceState::Starting | ServiceState::Stopping => deadline.pause(name, "running", now.state)?,
        }
    }
}

fn died(name: &ServiceName, status: scm::Status) -> Failure {
    let code = match status.exit_code {
        SPECIFIC_ERROR => format!("its own error {}", status.own_exit_code),
        code => format!("error {code}: {}", io::Error::from_raw_os_error(code.cast_signed())),
    };
    Failure::new(Code::ServiceStart, format!("the service {name} ended while it was starting"))
        .expected("running")
        .found(format!("stopped, {code}"))
        .hint("look at the Windows event log; for Exchange's transport, events 7001, 16023 and 1052 name an agent \
               that it cannot load")
        .retry()
}

fn not_started(name: &ServiceName, error: &io::Error) -> Failure {
    let failure = refused(Code::ServiceStart, name, "cannot be started", error);
    match error.raw_os_error() {
        Some(DISABLED) => failure.hint("it is disabled; give it another start mode").ask(),
        Some(LOGON_FAILED) => failure
            .hint("its account or password is wrong, or the account lacks the right to log on as a service")
            .ask(),
        Some(DEPENDENCY_FAILED) => failure.hint("a service that it depends on did not start").retry(),
        Some(REQUEST_TIMEOUT) => failure.hint("it did not answer the service manager in time").retry(),
        Some(MARKED_FOR_DELETE) => failure.hint("it is being removed; a restart may be needed").ask(),
        _ => failure,
    }
}

fn stop(manager: &scm::Manager, name: &ServiceName, deadline: Deadline, depth: u32) -> Result<(), Failure> {
    let service = open(manager, name, SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_ENUMERATE_DEPENDENTS)?;
    let mut now = status(name, &service)?;
    // Opened while it runs, so that its end can be waited for: "stopped" comes before the process lets go of its files.
    let process = (now.pid != 0).then(|| Process::open(now.pid).ok()).flatten();
    while state_of(now.state) != ServiceState::Stopped {
        if state_of(now.state) != ServiceState::Stopping {
            let dependents = service
                .active_dependents()
                .map_err(|e| refused(Code::ServiceStop, name, "does not tell what depends on it", &e))?;
            for dependent in dependents.into_iter().filter(|_| depth < 16) {
                stop(manager, &ServiceName::new(dependent), deadline, depth + 1)?;
            }
            match service.stop() {
                Ok(()) => {}
                // It has stopped by itself, is on its way, or another dependent was started meanwhile: look again.
                Err(e)
                    if matches!(
                        e.raw_os_error(),
                        Some(NOT_ACTIVE | CANNOT_ACCEPT_CONTROL | DEPENDENTS_RUNNING)
                    ) => {}
                Err(e) => return Err(refused(Code::ServiceStop, name, "cannot be stopped", &e)),
            }
        }
        now = status(name, &service)?;
        if state_of(now.state) != ServiceState::Stopped {
            deadline.pause(name, "stopped", now.state)?;
        }
    }
    if let Some(process) = process {
        // A process shared with other services goes on; that is no failure.
        let _ = process.wait(LET_GO.min(deadline.left()));
    }
    Ok(())
}

/// The ids of the processes in which services run.
pub(crate) fn service_processes() -> Result<Vec<u32>, Failure> {
    let found = manager()?
        .list()
        .map_err(|e| system_failure(Code::ServiceConfig, "services cannot be listed", &e))?;
    Ok(found.into_iter().map(|(_, status)| status.pid).filter(|pid| *pid != 0).collect())
}

/// State and accepted controls of one service; `None` when there is none.
pub(crate) fn controls(name: &str) -> Result<Option<(ServiceState, u32)>, Failure> {
    let name = ServiceName::new(name);
    match open(&manager()?, &name, SERVICE_QUERY_STATUS) {
        Ok(service) => status(&name, &service).map(|s| Some((state_of(s.state), s.accepted))),
        Err(failure) if failure.code == Code::ServiceNotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}
