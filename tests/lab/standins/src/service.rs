//! The part of being a Windows service that the stand-ins share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};

/// A running service, as the service manager sees it.
pub struct Service {
    status: ServiceStatusHandle,
    stop: Arc<AtomicBool>,
}

impl Service {
    /// Reports to the service manager that the service of this name is starting.
    pub fn starting(name: &str) -> windows_service::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let status = service_control_handler::register(name, move |control| match control {
            ServiceControl::Stop | ServiceControl::Shutdown => {
                asked.store(true, Ordering::SeqCst);
                ServiceControlHandlerResult::NoError
            }
            ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
            _ => ServiceControlHandlerResult::NotImplemented,
        })?;
        let service = Self { status, stop };
        service.set(ServiceState::StartPending, ServiceExitCode::NO_ERROR)?;
        Ok(service)
    }

    /// Reports that the service runs.
    pub fn running(&self) -> windows_service::Result<()> {
        self.set(ServiceState::Running, ServiceExitCode::NO_ERROR)
    }

    /// Reports that the service is on its way to a stop.
    pub fn stopping(&self) -> windows_service::Result<()> {
        self.set(ServiceState::StopPending, ServiceExitCode::NO_ERROR)
    }

    /// Reports that the service has stopped, because it was told to or with an error of its own.
    pub fn stopped(&self, error: Option<u32>) -> windows_service::Result<()> {
        self.set(
            ServiceState::Stopped,
            error.map_or(ServiceExitCode::NO_ERROR, ServiceExitCode::ServiceSpecific),
        )
    }

    /// Becomes true when the service is told to stop.
    pub fn stop(&self) -> &Arc<AtomicBool> {
        &self.stop
    }

    fn set(&self, current_state: ServiceState, exit_code: ServiceExitCode) -> windows_service::Result<()> {
        let pending = matches!(current_state, ServiceState::StartPending | ServiceState::StopPending);
        let running = current_state == ServiceState::Running;
        self.status.set_service_status(ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state,
            controls_accepted: if running {
                ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN
            } else {
                ServiceControlAccept::empty()
            },
            exit_code,
            checkpoint: u32::from(pending),
            wait_hint: if pending { Duration::from_secs(60) } else { Duration::ZERO },
            process_id: None,
        })
    }
}
