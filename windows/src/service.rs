//! Our own Windows service, which resumes an upgrade after a restart.
//!
//! A service and not `RunOnce`: those entries wait until an administrator logs on
//! (<https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys>), and on a mail server nobody may.

use crate::os_error::system_failure;
use mailsec_core::{
    Code, Failure,
    values::{AccountName, Secret},
};
use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};
use windows_service::{
    service::{
        ServiceAccess, ServiceAction, ServiceActionType, ServiceControl, ServiceControlAccept,
        ServiceErrorControl, ServiceExitCode, ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo,
        ServiceStartType, ServiceState, ServiceStatus, ServiceType,
    },
    service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle},
    service_dispatcher,
    service_manager::{ServiceManager, ServiceManagerAccess},
};

/// The service's short name.
pub const NAME: &str = "mailsec";
const DISPLAY: &str = "mailsec upgrade";
const DESCRIPTION: &str =
    "Takes an upgrade of the mail security product to its end after a restart of this server.";

/// How long Windows waits for us when it shuts down; since build 15063 its default is only ten seconds
/// (<https://learn.microsoft.com/windows/win32/api/winsvc/ns-winsvc-service_preshutdown_info>).
const PRESHUTDOWN: Duration = Duration::from_secs(60);
/// Told to the service manager while we stop.
const STOP_HINT: Duration = Duration::from_secs(60);

const INVALID_LEVEL: i32 = 124;
const DOES_NOT_EXIST: i32 = 1060;
const ALREADY_EXISTS: i32 = 1073;
const MARKED_FOR_DELETE: i32 = 1072;
const NOT_STARTED_AS_SERVICE: i32 = 1063;

/// Which account the service runs as. As LocalSystem it can do everything but what the Exchange shell wants a member
/// of its role groups for.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// The account.
    pub name: AccountName,
    /// Its password.
    pub password: Secret,
}

/// Installs the service, or brings an installed one up to date: it starts with Windows and is started again when it dies.
///
/// # Errors
/// [`Code::ServiceConfig`], [`Code::AccessDenied`].
pub fn install(exe: PathBuf, args: Vec<OsString>, account: Option<&ServiceAccount>) -> Result<(), Failure> {
    let refused = |e: windows_service::Error| failure("the service mailsec cannot be installed", e);
    let manager = ServiceManager::local_computer(
        None::<&str>,
        ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE,
    )
    .map_err(refused)?;
    let info = ServiceInfo {
        name: NAME.into(),
        display_name: DISPLAY.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: exe,
        launch_arguments: args,
        dependencies: Vec::new(),
        account_name: account.map(|account| account.name.to_string().into()),
        account_password: account.map(|account| account.password.expose().into()),
    };
    let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START;
    let service = match manager.create_service(&info, access) {
        Err(e) if code_of(&e) == Some(ALREADY_EXISTS) => {
            let service = manager.open_service(NAME, access).map_err(refused)?;
            service.change_config(&info).map_err(refused)?;
            service
        }
        created => created.map_err(refused)?,
    };
    if let Some(account) = account
        && let Err(error) = crate::win::rights::grant_service_log_on(&account.name.to_string())
    {
        tracing::warn!(account = %account.name, %error, "the right to log on as a service could not be granted");
    }
    service.set_description(DESCRIPTION).map_err(refused)?;
    known_here("failure actions", service.update_failure_actions(restart_always())).map_err(refused)?;
    known_here("failure actions for exit codes", service.set_failure_actions_on_non_crash_failures(true))
        .map_err(refused)?;
    if let Err(error) = service.set_preshutdown_timeout(PRESHUTDOWN) {
        // An unplanned end is survived anyway.
        tracing::debug!(%error, "the time for a shutdown cannot be set");
    }
    Ok(())
}

/// Wine knows no failure actions; everything else about a service works there.
fn known_here(what: &str, result: windows_service::Result<()>) -> windows_service::Result<()> {
    match result {
        Err(e) if code_of(&e) == Some(INVALID_LEVEL) => {
            tracing::warn!(what, "not known to this system");
            Ok(())
        }
        other => other,
    }
}

fn restart_always() -> ServiceFailureActions {
    let after = |seconds| ServiceAction {
        action_type: ServiceActionType::Restart,
        delay: Duration::from_secs(seconds),
    };
    ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(24 * 3600)),
        reboot_msg: None,
        command: None,
        // The last one is for every failure after it; what fails again and again is stopped by the journal's own count.
        actions: Some(vec![after(5), after(30), after(120)]),
    }
}

/// Removes the service; fine when there is none. One that runs is told to stop and goes when it has ended.
///
/// # Errors
/// [`Code::ServiceConfig`], [`Code::AccessDenied`].
pub fn uninstall() -> Result<(), Failure> {
    let refused = |e: windows_service::Error| failure("the service mailsec cannot be removed", e);
    let manager =
        ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT).map_err(refused)?;
    let service = match manager.open_service(NAME, ServiceAccess::STOP | ServiceAccess::DELETE) {
        Err(e) if code_of(&e) == Some(DOES_NOT_EXIST) => return Ok(()),
        opened => opened.map_err(refused)?,
    };
    // It may not run, or may be the one that asks.
    let _ = service.stop();
    match service.delete() {
        Err(e) if code_of(&e) == Some(MARKED_FOR_DELETE) => Ok(()),
        deleted => deleted.map_err(refused),
    }
}

/// Says when Windows wants the service to stop: a person stops it, or the server shuts down.
#[derive(Clone, Debug, Default)]
pub struct StopSignal(Arc<(Mutex<bool>, Condvar)>);

impl StopSignal {
    /// Whether it was asked to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is asked to stop; blocks the thread.
    pub fn wait(&self) {
        let mut set = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            set = self.0.1.wait(set).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn set(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// What the service does: it gets a signal, and answers the exit code that Windows is told.
type Handler = Box<dyn FnOnce(StopSignal) -> u32 + Send>;

static HANDLER: Mutex<Option<Handler>> = Mutex::new(None);

/// Runs `handler` as the service; returns when it has ended. Only for a process that the service manager started.
///
/// An exit code other than 0 makes Windows start the service again; a panic counts as one.
///
/// # Errors
/// [`Code::RequestRefused`] when the service manager did not start this process.
pub fn run(handler: impl FnOnce(StopSignal) -> u32 + Send + 'static) -> Result<(), Failure> {
    *HANDLER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(handler));
    service_dispatcher::start(NAME, entry).map_err(|e| match code_of(&e) {
        Some(NOT_STARTED_AS_SERVICE) => {
            Failure::new(Code::RequestRefused, "this command is for the service manager only")
                .hint("start the service instead: sc start mailsec")
        }
        _ => failure("the service cannot be run", e),
    })
}

/// Called by the service manager on a thread of its own. The arguments are those of `StartService`, which we ignore;
/// what the service is to do stands in its command line.
extern "system" fn entry(_count: u32, _arguments: *mut *mut u16) {
    let Some(handler) = HANDLER.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let stop = StopSignal::default();
    let signal = stop.clone();
    // The handle is known only after the registration, but a control may come at once.
    let slot: Arc<Mutex<Option<ServiceStatusHandle>>> = Arc::default();
    let handle_in_control = Arc::clone(&slot);
    let registered = service_control_handler::register(NAME, move |control| match control {
        ServiceControl::Stop | ServiceControl::Preshutdown | ServiceControl::Shutdown => {
            if let Some(handle) = *handle_in_control.lock().unwrap_or_else(PoisonError::into_inner) {
                tell(handle, ServiceState::StopPending, 0);
            }
            signal.set();
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    });
    let handle = match registered {
        Ok(handle) => handle,
        Err(error) => {
            tracing::error!(%error, "the service manager does not take our control handler");
            return;
        }
    };
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    tell(handle, ServiceState::Running, 0);
    let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handler(stop))).unwrap_or(1);
    tell(handle, ServiceState::Stopped, code);
}

fn tell(handle: ServiceStatusHandle, state: ServiceState, code: u32) {
    let accepted = match state {
        ServiceState::Running => ServiceControlAccept::STOP | ServiceControlAccept::PRESHUTDOWN,
        _ => ServiceControlAccept::empty(),
    };
    let status = ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted: accepted,
        exit_code: if code == 0 { ServiceExitCode::NO_ERROR } else { ServiceExitCode::ServiceSpecific(code) },
        checkpoint: 0,
        wait_hint: if state == ServiceState::StopPending { STOP_HINT } else { Duration::ZERO },
        process_id: None,
    };
    if let Err(error) = handle.set_service_status(status) {
        tracing::warn!(%error, ?state, "the service manager does not take our state");
    }
}

fn code_of(error: &windows_service::Error) -> Option<i32> {
    match error {
        windows_service::Error::Winapi(e) => e.raw_os_error(),
        _ => None,
    }
}

fn failure(what: &str, error: windows_service::Error) -> Failure {
    match error {
        windows_service::Error::Winapi(e) => system_failure(Code::ServiceConfig, what, &e),
        other => system_failure(Code::ServiceConfig, what, &io::Error::other(other)),
    }
}
