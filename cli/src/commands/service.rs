//! `service`: the Windows service that takes an upgrade up after a restart.

use crate::{
    args::{Common, ServiceCommand},
    output::Reply,
};
use mailsec_core::Failure;

#[cfg(not(windows))]
pub(crate) fn service(_common: &Common, _command: &ServiceCommand) -> Result<Reply, Failure> {
    Err(Failure::new(mailsec_core::Code::BadArgument, "services of this kind are Windows' own").hint(
        "on the Exchange server: `mailsec service install`; elsewhere `mailsec resume` does the same by hand",
    ))
}

#[cfg(windows)]
pub(crate) use on_windows::{service, start_log};

#[cfg(windows)]
mod on_windows {
    use super::{Common, Failure, Reply, ServiceCommand};
    use crate::{
        commands::{drive, wanted},
        logging,
        output::system,
        people::{FrontDesk, Inbox, Patience},
        place::{Site, Sources, State, private_state},
    };
    use mailsec_core::{
        engine::Stop,
        failure::Code,
        upgrade::{self, Next, Standing},
        values::{AccountName, SecretRef},
    };
    use mailsec_windows::service::{self, ServiceAccount, StopSignal};
    use serde_json::json;
    use std::{
        ffi::OsString,
        path::{Path, PathBuf},
        time::{Duration, Instant},
    };

    /// How often it is looked whether a gate was answered, or a restart happened.
    const LOOK: Duration = Duration::from_secs(2);

    /// How long a step that needs a secret is left to somebody who has it.
    const YIELD: Duration = Duration::from_secs(60);

    /// The password of the account that the service itself runs as.
    const LOGON_PASSWORD: &str = "service-logon-password";

    pub(crate) fn service(common: &Common, command: &ServiceCommand) -> Result<Reply, Failure> {
        match command {
            ServiceCommand::Install { account } => install(common, account.as_deref()),
            ServiceCommand::Uninstall => {
                service::uninstall()?;
                Ok(Reply::new("Removed.", json!({ "service": service::NAME })))
            }
            ServiceCommand::Run => {
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
        logging::start_service(state.folder()).map_err(|error| {
            Failure::new(Code::FileUnwritable, "the service's log cannot be written")
                .found(state.folder().display().to_string())
                .cause(error)
        })
    }

    fn install(common: &Common, account: Option<&str>) -> Result<Reply, Failure> {
        let program = std::env::current_exe().map_err(|e| system("the program cannot find itself", e))?;
        let state = State::only(common)?;
        let mut arguments: Vec<OsString> = vec!["--state".into(), absolute(state.folder())?.into()];
        if let Some(config) = &common.config {
            arguments.extend(["--config".into(), absolute(config)?.into()]);
        }
        arguments.extend(["--no-input".into(), "service".into(), "run".into()]);
        let account = account.map(|name| log_on(common, name)).transpose()?;
        private_state(&state)?;
        service::install(program, arguments, account.as_ref())?;
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
        Ok(Reply::new(text, json!({ "service": service::NAME, "account": name })))
    }

    /// The service manager starts the service in a folder of its own.
    fn absolute(path: &Path) -> Result<PathBuf, Failure> {
        std::path::absolute(path).map_err(|error| {
            Failure::new(Code::BadArgument, "this path cannot be made absolute")
                .found(path.display().to_string())
                .cause(error)
        })
    }

    fn log_on(common: &Common, name: &str) -> Result<ServiceAccount, Failure> {
        let name = AccountName::parse(name)?;
        let secret = SecretRef::new(LOGON_PASSWORD);
        let mut secrets = Sources::read(common)?;
        secrets.ask(&[&secret], common)?;
        let password = secrets.values().remove(&secret).ok_or_else(|| {
            Failure::new(
                Code::SecretMissing,
                format!("the password of {name} is needed to log on as a service"),
            )
            .expected(format!("--secret {LOGON_PASSWORD}=env:VARIABLE or =file:PATH, or the keyboard"))
            .hint("nothing was changed")
        })?;
        Ok(ServiceAccount { name, password })
    }

    /// The service's work; answers its exit code. One that is not 0 makes Windows start it again.
    fn serve(common: &Common, stop: &StopSignal) -> u32 {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "the service cannot start");
                return 1;
            }
        };
        tracing::info!(version = crate::commands::VERSION, "the service begins");
        let done = runtime.block_on(work(common, stop));
        // A call of the system that hangs is not waited for: the service ends because of it.
        runtime.shutdown_background();
        match done {
            Ok(()) => {
                tracing::info!("the service ends");
                0
            }
            Err(failure) => {
                tracing::error!(
                    failure = crate::output::describe(&failure),
                    "the service ends and is started again"
                );
                1
            }
        }
    }

    /// Drives what is unfinished, until nothing is. The journal is held only while something moves, so that people
    /// can answer, and resume with a secret that this service does not have.
    async fn work(common: &Common, stop: &StopSignal) -> Result<(), Failure> {
        let mut waiting = None;
        while !stop.is_set() && unfinished(common)? {
            match drive_once(common, stop, &mut waiting).await {
                Ok(Some(how)) => {
                    tracing::info!(?how, "the upgrade stops");
                    if let Stop::Finished(_) = how {
                        return Ok(());
                    }
                }
                Ok(None) => {}
                Err(failure) if failure.code == Code::JournalLocked => {}
                // It was the desk that stopped it, at a safe point; a failure would start this service again.
                Err(failure) if stop.is_set() => {
                    tracing::info!(failure = crate::output::describe(&failure), "stopped");
                    return Ok(());
                }
                Err(failure) => return Err(failure),
            }
            // Either is a reason to look again.
            _ = tokio::time::timeout(LOOK, stop.asked()).await;
        }
        Ok(())
    }

    /// Whether an upgrade is under way.
    fn unfinished(common: &Common) -> Result<bool, Failure> {
        match State::only(common)?.choose(None) {
            Ok((_, _, loaded)) => Ok(matches!(loaded.state.standing, Standing::Running | Standing::Paused)),
            Err(failure) if failure.code == Code::UpgradeNotFound => Ok(false),
            // Opening the journal mends it where the second copy is whole, and says so where it is not.
            Err(failure) if failure.code == Code::JournalDamaged => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    async fn drive_once(
        common: &Common,
        stop: &StopSignal,
        waiting: &mut Option<Instant>,
    ) -> Result<Option<Stop>, Failure> {
        let state = State::only(common)?;
        let (upgrade, loaded) = match state.choose(None) {
            Ok((upgrade, _, loaded)) => (upgrade, loaded),
            Err(failure) if failure.code == Code::JournalDamaged => {
                let site = Site::open(common, &Sources::read(common)?)?;
                site.state.choose_in(site.journal().await?.as_ref(), None)?
            }
            Err(failure) => return Err(failure),
        };
        let inbox = Inbox::new(state.inbox(upgrade));
        // A gate or a pause waits for a person; taking the upgrade up again and again would fill the journal. What a
        // person left while this service held the journal, and just before it let go, nobody else would take in.
        let waits = loaded.state.gate.is_some() || loaded.state.standing == Standing::Paused;
        if waits && inbox.messages()?.is_empty() {
            *waiting = None;
            return Ok(None);
        }
        let sources = Sources::read(common)?;
        // After "retry" at a gate for a missing secret, the person's next command is `resume --secret`. This service,
        // which has none, must not be first and come to the same gate again. But it does not wait for ever: mail may be
        // held, and only a gate says that somebody is needed. What was in flight is not touched by this: looking at the
        // server needs no secret.
        if lacks_secret(&loaded.state, &sources) && waiting.get_or_insert_with(Instant::now).elapsed() < YIELD
        {
            return Ok(None);
        }
        *waiting = None;
        let site = Site::open(common, &sources)?;
        let mut journal = site.journal().await?;
        let stop = stop.clone();
        let desk = FrontDesk::new(inbox, Patience::None).until(move || stop.is_set());
        drive::drive_to_stop(&site, journal.as_mut(), upgrade, &desk).await.map(Some)
    }

    /// Whether the next thing to do is a step that needs a secret which was not given.
    fn lacks_secret(state: &upgrade::State, sources: &Sources) -> bool {
        let (Next::Run { step, .. }, Some(plan)) = (upgrade::next(state), &state.plan) else { return false };
        wanted::secrets(plan, |index| index == step).into_iter().any(|name| !sources.has(name))
    }
}
