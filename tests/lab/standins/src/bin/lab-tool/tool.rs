//! `lab-tool COMMAND ...`: see `usage`.

use super::eset;
use keyring_core::api::CredentialStoreApi as _;
use mailsec_lab_standins::state::{RegistryValue, ServiceState};
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};
use windows_native_keyring_store::Store;
use windows_registry::{LOCAL_MACHINE, Type};
use windows_service::Error as ServiceError;
use windows_service::service::{self, ServiceAccess, ServiceStatus};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

pub(super) type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "run CODE-FILE PROGRAM [ARGUMENT...] | services | settle SECONDS NAME... | \
                     start NAME SECONDS | stop NAME SECONDS | shutdown SECONDS | registry KEY VALUE | registry-set KEY VALUE TEXT | \
                     volatile-set KEY VALUE TEXT | credential TARGET PASSWORD";
const SERVICE_DOES_NOT_EXIST: i32 = 1060;
const NEVER_STARTED: u32 = 1077;
const OWN_OR_SHARED_PROCESS: u32 = 0x30;

pub(super) fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match command(&words) {
        Ok(code) => code,
        Err(error) => {
            let _told = writeln!(io::stderr(), "lab-tool: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Result<ExitCode> {
    match words {
        ["run", code_file, program, arguments @ ..] => return run(code_file, program, arguments),
        ["services"] => say(&services()?)?,
        ["settle", seconds, names @ ..] => settle(deadline(seconds)?, names)?,
        ["start", name, seconds] => start(name, deadline(seconds)?)?,
        ["stop", name, seconds] => stop(name, deadline(seconds)?)?,
        ["shutdown", seconds] => shutdown(deadline(seconds)?)?,
        ["registry", key, value] => say(&registry(key, value)?)?,
        ["registry-set", key, value, text] => LOCAL_MACHINE.create(key)?.set_string(value, text)?,
        ["volatile-set", key, value, text] => {
            LOCAL_MACHINE.options().read().write().create().volatile().open(key)?.set_string(value, text)?
        }
        ["credential", target, password] => keep(target, password)?,
        ["eset", words @ ..] => eset::command(words)?,
        _ => return Err(format!("{USAGE} | {}", eset::USAGE).into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// As `cmdkey /generic:TARGET` keeps it.
fn keep(target: &str, password: &str) -> Result<()> {
    let named = HashMap::from([("target", target)]);
    Ok(Store::new()?.build("lab", "lab", Some(&named))?.set_password(password)?)
}

fn deadline(seconds: &str) -> Result<Instant> {
    Ok(Instant::now() + Duration::from_secs(seconds.parse()?))
}

fn say(value: &impl serde::Serialize) -> Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    Ok(out.flush()?)
}

/// Runs a program with this one's own handles, and writes its whole exit code, which Unix would cut to eight bits.
fn run(code_file: &str, program: &str, arguments: &[&str]) -> Result<ExitCode> {
    let status = Command::new(program).args(arguments).status()?;
    let code = status.code().unwrap_or(-1) as u32;
    let next = format!("{code_file}.next");
    fs::write(&next, code.to_string())?;
    fs::rename(&next, code_file)?;
    Ok(if code == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn services() -> Result<Vec<ServiceState>> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    let all = LOCAL_MACHINE.open(r"SYSTEM\CurrentControlSet\Services")?;
    let mut services = Vec::new();
    for name in all.keys()? {
        let kind = all.open(&name).and_then(|key| key.get_u32("Type")).unwrap_or(0);
        if kind & OWN_OR_SHARED_PROCESS == 0 {
            continue;
        }
        // A service that was marked for deletion is still in the registry for a moment.
        let Ok(open) = manager.open_service(&name, ServiceAccess::QUERY_CONFIG | ServiceAccess::QUERY_STATUS)
        else {
            continue;
        };
        let (config, status) = (open.query_config()?, open.query_status()?);
        services.push(ServiceState {
            name,
            display_name: config.display_name.to_string_lossy().into_owned(),
            state: format!("{:?}", status.current_state),
            start_type: format!("{:?}", config.start_type),
            account: config.account_name.map(|account| account.to_string_lossy().into_owned()),
            program: config.executable_path.to_string_lossy().into_owned(),
            process: status.process_id,
            exit_code: exit_code(&status),
        });
    }
    Ok(services)
}

fn exit_code(status: &ServiceStatus) -> u32 {
    match status.exit_code {
        service::ServiceExitCode::Win32(code) | service::ServiceExitCode::ServiceSpecific(code) => code,
    }
}

/// Waits until each of these services that is there and starts by itself has done so, or has failed to.
fn settle(deadline: Instant, names: &[&str]) -> Result<()> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    for name in names {
        let service =
            match manager.open_service(name, ServiceAccess::QUERY_CONFIG | ServiceAccess::QUERY_STATUS) {
                Ok(service) => service,
                Err(ServiceError::Winapi(e)) if e.raw_os_error() == Some(SERVICE_DOES_NOT_EXIST) => continue,
                Err(e) => return Err(e.into()),
            };
        if service.query_config()?.start_type != service::ServiceStartType::AutoStart {
            continue;
        }
        let settled = |status: &ServiceStatus| match status.current_state {
            service::ServiceState::Running => true,
            service::ServiceState::Stopped => exit_code(status) != NEVER_STARTED,
            _ => false,
        };
        wait(&service, deadline, settled)?;
    }
    Ok(())
}

fn wait(
    service: &service::Service,
    deadline: Instant,
    done: impl Fn(&ServiceStatus) -> bool,
) -> Result<ServiceStatus> {
    loop {
        let status = service.query_status()?;
        if done(&status) {
            return Ok(status);
        }
        if Instant::now() > deadline {
            return Err(format!("the service is still {:?}", status.current_state).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn open(name: &str, access: ServiceAccess) -> Result<service::Service> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    Ok(manager.open_service(name, access | ServiceAccess::QUERY_STATUS)?)
}

fn start(name: &str, deadline: Instant) -> Result<()> {
    let service = open(name, ServiceAccess::START)?;
    while let Err(error) = service.start::<&str>(&[]) {
        let windows_service::Error::Winapi(cause) = &error else { return Err(error.into()) };
        match cause.raw_os_error() {
            // On a busy machine a program may take longer than Wine waits for it to say that it is a service.
            Some(1053) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(500)),
            // It was late, and came up all the same.
            Some(1056) => break,
            _ => return Err(format!("{error}: {cause}").into()),
        }
    }
    let status = wait(&service, deadline, |status| {
        matches!(status.current_state, service::ServiceState::Running | service::ServiceState::Stopped)
    })?;
    match status.current_state {
        service::ServiceState::Running => Ok(()),
        _ => Err(format!("the service stopped with {}", exit_code(&status)).into()),
    }
}

fn stop(name: &str, deadline: Instant) -> Result<()> {
    let service = open(name, ServiceAccess::STOP)?;
    if service.query_status()?.current_state != service::ServiceState::Stopped {
        service.stop()?;
    }
    wait(&service, deadline, |status| status.current_state == service::ServiceState::Stopped)?;
    Ok(())
}

/// Stops every running service that is not Windows' own, as an orderly shutdown does.
fn shutdown(deadline: Instant) -> Result<()> {
    let own =
        |program: &str| program.to_ascii_lowercase().trim_start_matches('"').starts_with(r"c:\windows\");
    let running: Vec<_> =
        services()?.into_iter().filter(|s| s.state == "Running" && !own(&s.program)).collect();
    for service in running {
        stop(&service.name, deadline).map_err(|problem| format!("{}: {problem}", service.name))?;
    }
    Ok(())
}

fn registry(key: &str, value: &str) -> Result<Option<RegistryValue>> {
    const NOT_FOUND: i32 = 0x8007_0002_u32 as i32;
    let found = match LOCAL_MACHINE.open(key).and_then(|key| key.get_value(value)) {
        Ok(found) => found,
        Err(e) if e.code().0 == NOT_FOUND => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    Ok(Some(match found.ty() {
        Type::U32 => RegistryValue::Number(u32::try_from(found)?.into()),
        Type::U64 => RegistryValue::Number(u64::try_from(found)?),
        Type::String | Type::ExpandString => RegistryValue::Text(String::try_from(found)?),
        Type::MultiString => RegistryValue::List(LOCAL_MACHINE.open(key)?.get_multi_string(value)?),
        _ => RegistryValue::Bytes(found.to_vec()),
    }))
}
