//! `service`: the Windows service that takes an upgrade up after a restart.

use crate::{
    args::{Common, ServiceCommand},
    output::Reply,
};
use mailsec_core::Failure;

#[cfg(not(windows))]
pub(crate) fn service(_common: &Common, _command: ServiceCommand) -> Result<Reply, Failure> {
    Err(Failure::new(mailsec_core::Code::BadArgument, "services of this kind are Windows' own").hint(
        "on the Exchange server: `mailsec service install`; elsewhere `mailsec resume` does the same by hand",
    ))
}

#[cfg(windows)]
pub(crate) use on_windows::service;

#[cfg(windows)]
mod on_windows {
    use super::{Common, Failure, Reply, ServiceCommand};
    use crate::{
        commands::drive,
        output::system,
        people::Patience,
        place::{Site, Sources, State},
    };
    use mailsec_core::{engine::Stop, failure::Code, upgrade::Standing};
    use mailsec_windows::service::{self, StopSignal};
    use serde_json::json;
    use std::{ffi::OsString, time::Duration};

    /// How often it is looked whether a gate was answered, or a restart happened.
    const LOOK: Duration = Duration::from_secs(2);

    pub(crate) fn service(common: &Common, command: ServiceCommand) -> Result<Reply, Failure> {
        match command {
            ServiceCommand::Install => {
                let program =
                    std::env::current_exe().map_err(|e| system("the program cannot find itself", e))?;
                let state = State::only(common)?;
                let mut arguments: Vec<OsString> = vec!["--state".into(), state.folder().into()];
                if let Some(config) = &common.config {
                    arguments.extend(["--config".into(), config.into()]);
                }
                arguments.extend(["--no-input".into(), "service".into(), "run".into()]);
                service::install(program, arguments, None)?;
                Ok(Reply::new(
                    "Installed: the service mailsec takes an unfinished upgrade up at every boot.",
                    json!({ "service": service::NAME }),
                ))
            }
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

    /// The service's work; answers its exit code. One that is not 0 makes Windows start it again.
    fn serve(common: &Common, stop: &StopSignal) -> u32 {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "the service cannot start");
                return 1;
            }
        };
        match runtime.block_on(work(common, stop)) {
            Ok(()) => 0,
            Err(failure) => {
                tracing::error!(%failure, "the service ends and is started again");
                1
            }
        }
    }

    /// Drives what is unfinished, until nothing is. The journal is held only while something moves, so that people
    /// can answer, and resume with a secret that this service does not have.
    async fn work(common: &Common, stop: &StopSignal) -> Result<(), Failure> {
        while !stop.is_set() && unfinished(common)? {
            match drive_once(common).await {
                Ok(Some(Stop::Finished(_))) => return Ok(()),
                Ok(_) => {}
                Err(failure) if failure.code == Code::JournalLocked => {}
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep(LOOK).await;
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

    async fn drive_once(common: &Common) -> Result<Option<Stop>, Failure> {
        let state = State::only(common)?;
        let (upgrade, _, loaded) = state.choose(None)?;
        // A gate or a pause waits for a person; taking the upgrade up again and again would fill the journal.
        if loaded.state.gate.is_some() || loaded.state.standing == Standing::Paused {
            return Ok(None);
        }
        let site = Site::open(common, &Sources::read(common)?)?;
        let mut journal = site.journal().await?;
        drive::drive_to_stop(&site, journal.as_mut(), upgrade, Patience::None).await.map(Some)
    }
}
