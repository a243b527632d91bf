//! The service as Windows knows it.

use super::{node, work};
use crate::{
    args::{Common, ServiceCommand},
    logging,
    output::{Reply, describe, system},
    place::{Sources, State, absolute, private_state, source_from_anywhere},
};
use mailsec_core::{
    Failure,
    failure::Code,
    values::{AccountName, SecretRef},
};
use mailsec_windows::{
    event_log, logon_task,
    service::{self, ServiceAccount, StopSignal},
};
use serde_json::json;
use std::{ffi::OsString, path::Path};

/// The password of the account that the service itself runs as.
const LOGON_PASSWORD: &str = "service-logon-password";

pub(crate) fn service(common: &Common, command: &ServiceCommand) -> Result<Reply, Failure> {
    match command {
        ServiceCommand::Install { account, node } => install(common, account.as_deref(), *node),
        ServiceCommand::Uninstall => {
            service::uninstall()?;
            event_log::unregister()?;
            logon_task::unregister()?;
            Ok(Reply::new("Removed.", json!({ "service": service::NAME })))
        }
        ServiceCommand::Run { .. } => {
            let common = common.clone();
            service::run(move |stop| serve(&common, &stop))?;
            Ok(Reply::new("", json!({})))
        }
    }
}

/// The service's log lies beside the journal, in a folder that only administrators can write to.
pub(crate) fn start_log(common: &Common) -> Result<(), Failure> {
    let state = State::only(common)?;
    private_state(&state)?;
    logging::start_service(common, state.folder()).map_err(|error| {
        Failure::new(Code::FileUnwritable, "the service's log cannot be written")
            .found(state.folder().display().to_string())
            .cause(error)
    })
}

fn install(common: &Common, account: Option<&str>, node: bool) -> Result<Reply, Failure> {
    let program = std::env::current_exe().map_err(|e| system("the program cannot find itself", e))?;
    let state = State::only(common)?;
    let folder = absolute(state.folder())?;
    // The service manager starts it in a folder of its own.
    let mut arguments: Vec<OsString> = vec!["--state".into(), folder.clone().into()];
    if let Some(config) = &common.config {
        arguments.extend(["--config".into(), absolute(config)?.into()]);
    }
    if let Some(url) = &common.otlp {
        arguments.extend(["--otlp".into(), url.into()]);
    }
    // Where it comes from, and not what it is.
    for source in common.secrets.iter().filter(|source| source.starts_with("otlp-headers=")) {
        arguments.extend(["--secret".into(), source_from_anywhere(source)?]);
    }
    arguments.extend(["--no-input".into(), "service".into(), "run".into()]);
    let account = account.map(|name| log_on(common, name)).transpose()?;
    private_state(&state)?;
    if node {
        node::enable(common)?;
    }
    service::install(program.clone(), arguments, account.as_ref())?;
    event_log::register()?;
    let told = tell_at_log_on(&program, &folder);
    let name = account.map_or_else(|| "LocalSystem".to_owned(), |account| account.name.to_string());
    let mut text = format!(
        "Installed: the service mailsec takes an unfinished upgrade up at every boot, as {name}.\n\
         Its log: {}\n",
        state.folder().join("service.log").display()
    );
    if name == "LocalSystem" {
        text.push_str(
            "The Exchange shell may refuse LocalSystem; then the upgrade waits at a gate. Better name an \
             administrator who may manage transport agents: --account DOMAIN\\USER\n",
        );
    }
    match &told {
        Ok(()) => text.push_str(
            "An administrator who logs on while an upgrade is under way is told so: the scheduled task mailsec.\n",
        ),
        // The upgrade does not need it.
        Err(failure) => {
            text.push_str(&format!("Whoever logs on is NOT told of an upgrade:\n{}", describe(failure)));
        }
    }
    if node {
        text.push_str("It takes orders from a cluster's run.\n");
    }
    let json = json!({
        "service": service::NAME,
        "account": name,
        "node": node,
        "log_on_task": told.is_ok(),
    });
    Ok(Reply::new(text, json))
}

fn tell_at_log_on(program: &Path, state: &Path) -> Result<(), Failure> {
    let folder = state.to_str().ok_or_else(|| {
        Failure::new(Code::BadArgument, "a task cannot name this folder").found(state.display().to_string())
    })?;
    logon_task::register(program, &["--state", folder, "status", "--banner", "--hold"], state)
}

fn log_on(common: &Common, name: &str) -> Result<ServiceAccount, Failure> {
    let name = AccountName::parse(name)?;
    let secret = SecretRef::new(LOGON_PASSWORD);
    let mut secrets = Sources::read(common)?;
    secrets.ask(&[&secret], common)?;
    let password = secrets.values().remove(&secret).ok_or_else(|| {
        Failure::new(Code::SecretMissing, format!("the password of {name} is needed to log on as a service"))
            .expected(format!("--secret {LOGON_PASSWORD}=env:VARIABLE or =file:PATH, or the keyboard"))
            .hint("nothing was changed")
    })?;
    Ok(ServiceAccount { name, password })
}

/// The service's work; answers its exit code. One that is not 0 makes Windows start it again.
fn serve(common: &Common, stop: &StopSignal) -> u32 {
    tracing::info!(version = crate::products::VERSION, "the service begins");
    let signal = stop.clone();
    let told = work::Told::by(move || signal.is_set());
    // A cluster's run that was begun here waits for nodes, and this server may be one of them: neither waits for the
    // other.
    let beside = common.of_cluster().map(|cluster| {
        let told = told.clone();
        std::thread::spawn(move || drive("the cluster's run", &cluster, &told))
    });
    let own = drive("the service", common, &told);
    let beside = match beside {
        Ok(thread) => thread.join().unwrap_or(1),
        Err(failure) => {
            tracing::error!(failure = describe(&failure), "no cluster's run can be looked for");
            1
        }
    };
    own.max(beside)
}

fn drive(what: &str, common: &Common, told: &work::Told) -> u32 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "{what} cannot start");
            return 1;
        }
    };
    let done = runtime.block_on(work::work(common, told));
    // A call of the system that hangs is not waited for: the service ends because of it.
    runtime.shutdown_background();
    match done {
        Ok(()) => {
            tracing::info!("{what} ends");
            0
        }
        Err(failure) => {
            tracing::error!(failure = describe(&failure), "{what} ends and is started again");
            1
        }
    }
}
