//! VIPRE Email Security for Exchange 4.5 on that server.
//!
//! Folder, display name of the service and the form of its account are the vendor's. Everything that carries `Sim`
//! is not known from any source.

use super::{
    exchange::{self, add_service, mailbox_server},
    installers,
};
use crate::world::{
    World,
    agents::AgentRow,
    directory::SimUser,
    registry::UNINSTALL,
    services::{SimService, key},
};
use mailsec_core::{
    host::{RegistryView, TransportService},
    values::{AccountName, ServerPath},
};
use std::sync::Arc;

/// The product's folder.
pub const FOLDER: &str = r"C:\Program Files (x86)\VIPRE Email Security";
/// The name up to 4.5.
pub const OLD_NAME: &str = "VIPRE Email Security for Exchange";
/// The name after 4.5.
pub const NEW_NAME: &str = "VIPRE Email Security - Server Edition";
/// The installed version.
pub const OLD_VERSION: &str = "4.5.1.0";
/// The version that the installers lead to.
pub const NEW_VERSION: &str = "5.1.0.0";
/// The service's short name.
pub const SERVICE: &str = "SimVipreEmailPlugin";
/// The service's display name.
pub const SERVICE_DISPLAY: &str = "VIPRE Email Security Plugin Manager";
/// The service's account.
pub const ACCOUNT: &str = r"LAB\svc-vipre";
/// Its password at the beginning.
pub const PASSWORD: &str = "Sim-Plugin-Manager-1";
/// Product code of the installed version.
pub const OLD_CODE: &str = "{5150A45A-0000-4000-8000-000000000045}";
/// Product code of the new version.
pub const NEW_CODE: &str = "{5150A45A-0000-4000-8000-000000000051}";
/// The transport agents: name and factory.
pub const AGENTS: [(&str, &str); 2] = [
    ("Sim VIPRE SMTP Agent", "Sim.Vipre.SmtpAgentFactory"),
    ("Sim VIPRE Routing Agent", "Sim.Vipre.RoutingAgentFactory"),
];
/// How many built-in agents run before the first of them.
pub const AGENTS_AFTER: usize = 4;

/// A path below the product's folder.
#[must_use]
pub fn path(below: &str) -> ServerPath {
    ServerPath::new(FOLDER).join(below)
}

/// The assembly of an agent, by its place in [`AGENTS`].
#[must_use]
pub fn assembly(agent: usize) -> ServerPath {
    path(if agent == 0 { r"Agents\SimVipreSmtp.dll" } else { r"Agents\SimVipreRouting.dll" })
}

/// The service's account.
#[must_use]
pub fn account() -> Option<AccountName> {
    AccountName::parse(ACCOUNT).ok()
}

/// The settings, with paths below the `Settings` folder.
pub const SETTINGS: [(&str, &str); 5] = [
    ("Config.xml", "<Sim version=\"4.5\"><License key=\"SIM-0000\" /><Updates hourly=\"true\" /></Sim>"),
    (r"Policies\Antispam.xml", "<Policy name=\"Antispam\" enabled=\"true\" threshold=\"7\" />"),
    (r"Policies\Attachments.xml", "<Policy name=\"Attachment Filtering\"><Block>exe</Block></Policy>"),
    (r"Lists\Allowed.txt", "partner.example\r\nnews.example\r\n"),
    (r"Lists\Gesperrte Absender – Büro.txt", "spam.example\r\n"),
];

/// A server with VIPRE Email Security for Exchange 4.5, everything running, and installers in `C:\Install`.
#[must_use]
pub fn vipre_45() -> World {
    let mut world = mailbox_server();
    files(&mut world);
    uninstall_entry(&mut world);
    service(&mut world);
    agents(&mut world);
    installers::put_all(&mut world);
    world.run_program(&path("SimConsole.exe"));
    world
}

fn files(world: &mut World) {
    let now = world.now;
    for (name, text) in [("SimConsole.exe", "console 4.5"), ("SimPluginManager.exe", "plugin manager 4.5")] {
        world.disk.put(&path(name), text, now);
    }
    for agent in 0..AGENTS.len() {
        world.disk.put(&assembly(agent), format!("agent {agent} of 4.5"), now);
    }
    for (name, text) in SETTINGS {
        world.disk.put(&path("Settings").join(name), text, now);
    }
}

fn uninstall_entry(world: &mut World) {
    let entry = format!(r"{UNINSTALL}\{OLD_CODE}");
    let values = [
        ("DisplayName", OLD_NAME),
        ("DisplayVersion", OLD_VERSION),
        ("Publisher", installers::PUBLISHER),
        ("InstallLocation", FOLDER),
    ];
    for (name, value) in values {
        world.registry.set(RegistryView::Narrow, &entry, name, value);
    }
    world.removals.insert(OLD_CODE.to_owned(), installers::removal(OLD_CODE).into());
}

fn service(world: &mut World) {
    let service = SimService {
        account: ACCOUNT.into(),
        image: Some(path("SimPluginManager.exe")),
        ..SimService::new(SERVICE, SERVICE_DISPLAY, world.now)
    };
    add_service(world, service);
    world.vault.services.insert(key(SERVICE), PASSWORD.to_owned());
    if let Some(account) = account() {
        let user = account.user().to_ascii_lowercase();
        world.directory.users.insert(user.clone(), SimUser::new(account.user()));
        world.vault.directory.insert(user, PASSWORD.to_owned());
    }
}

fn agents(world: &mut World) {
    let mut rows = world.agent_rows(TransportService::Hub).unwrap_or_default().to_vec();
    for (index, (name, factory)) in AGENTS.into_iter().enumerate() {
        let place = (AGENTS_AFTER + index).min(exchange::BUILT_IN_AGENTS.len());
        rows.insert(place, Arc::new(AgentRow::new(name, factory, &assembly(index))));
    }
    // A fresh world's disk has room for the file.
    _ = world.set_agent_rows(TransportService::Hub, rows);
    _ = world.load_agents("msexchangetransport");
    world.mail.scanners = AGENTS.into_iter().map(|(name, _)| name.to_owned()).collect();
    world.refresh_mail();
}
