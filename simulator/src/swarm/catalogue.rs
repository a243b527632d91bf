//! What may go wrong by itself on a subject's server, between any two things that the program does.

use crate::{
    explore::Subject,
    faults::{ChangeFails, Fault, Hang},
    worlds::exchange,
};
use mailsec_core::{host::TransportService, values::AccountName};

const MINUTE: u64 = 60_000;

/// Faults by name, made from what is on the server.
#[must_use]
pub fn catalogue(subject: &Subject) -> Vec<(&'static str, Fault)> {
    let world = &subject.planned().before;
    let mut all = vec![
        ("the server restarts by itself at once", Fault::SpontaneousReboot(1)),
        ("the server restarts by itself in a minute", Fault::SpontaneousReboot(MINUTE)),
        ("a restart that is asked for does not happen", Fault::RestartDoesNotHappen(1)),
        ("the disk is full", Fault::DiskFull(64)),
        ("mail is refused", Fault::MailRefused),
        ("no domain controller answers", Fault::DirectoryUnreachable),
        ("programs do not close", Fault::StubbornPrograms),
        ("a call takes a minute", Fault::CallTakes(MINUTE)),
        ("a call takes an hour", Fault::CallTakes(60 * MINUTE)),
        ("a look never ends", Fault::CallHangs(Hang::Look)),
        ("a change never ends", Fault::CallHangs(Hang::Change)),
        ("a change is done and never says so", Fault::CallHangs(Hang::ChangeDone)),
        ("the clock is set forward by a day", Fault::ClockJumps(24 * 60 * 60_000)),
        ("the clock is set back by a day", Fault::ClockJumps(-24 * 60 * 60_000)),
        ("the clock is set back by a second", Fault::ClockJumps(-1_000)),
        ("transport does not start", Fault::ServiceDoesNotStart("MSExchangeTransport".to_owned(), 1)),
        ("transport never starts", Fault::ServiceDoesNotStart("MSExchangeTransport".to_owned(), u32::MAX)),
        ("somebody stops transport", Fault::ServiceStopped("MSExchangeTransport".to_owned())),
        ("transport dies in five seconds", Fault::ServiceDies("MSExchangeTransport".to_owned(), 5_000)),
        ("the web server is stopped", Fault::ServiceStopped("W3SVC".to_owned())),
        ("another installation has the lock", Fault::InstallerExit(1618)),
        ("an installer fails", Fault::InstallerExit(1603)),
        ("an installer is cancelled", Fault::InstallerExit(1602)),
        ("an installer wants a restart", Fault::InstallerExit(3010)),
        ("an installer has begun a restart", Fault::InstallerExit(1641)),
        ("the product's tool fails", Fault::ToolExit(9)),
    ];
    for after in [0, 2, 5] {
        let fails = |done| Fault::ChangeFails(ChangeFails { after, done });
        all.push(("a change fails", fails(false)));
        all.push(("a change is done, and said to have failed", fails(true)));
    }
    let agents = world.agent_rows(TransportService::Hub).unwrap_or_default();
    for agent in agents.iter().filter(|row| world.mail.scanners.iter().any(|name| **name == *row.name)) {
        all.push(("somebody enables an agent", Fault::AgentSet(agent.name.to_string(), true)));
        all.push(("somebody disables an agent", Fault::AgentSet(agent.name.to_string(), false)));
        all.push(("an agent's assembly is in use", Fault::FileHeldByShell(agent.assembly.clone())));
        all.push((
            "an agent's assembly is in use, and installers fail on it",
            Fault::FileHeldAndInstallerFails(agent.assembly.clone()),
        ));
        all.push(("installers forget an agent's assembly", Fault::FileForgotten(agent.assembly.clone())));
    }
    for service in world.services.values().filter(|s| !exchange::is_own(s.name.as_str())) {
        let name = service.name.as_str().to_owned();
        all.push(("a service of the product is stopped", Fault::ServiceStopped(name.clone())));
        all.push(("a service of the product dies soon", Fault::ServiceDies(name.clone(), 3_000)));
        all.push(("a service of the product does not start", Fault::ServiceDoesNotStart(name, 1)));
        if let Ok(account) = AccountName::parse(&service.account)
            && account.domain().eq_ignore_ascii_case(&world.directory.domain)
        {
            let user = account.user().to_owned();
            all.push(("somebody changes the password", Fault::PasswordChanged(user.clone())));
            all.push(("somebody makes the service account a domain administrator", Fault::AdminMade(user)));
        }
    }
    if let Ok(file) = world.agents_file(TransportService::Hub) {
        all.push(("agents.config is cut off", Fault::AgentsFileCut(file)));
    }
    all
}
