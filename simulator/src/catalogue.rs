//! What goes wrong on servers in an upgrade, by name and by product: one list for tests, simulated servers and
//! rehearsals. Everything strikes after the plan was made.

use crate::{Fault, World, faults::SpoiltExport, worlds};
use mailsec_core::{
    host::TransportService,
    plan::{Operation, Plan},
    values::{AccountName, ServerPath},
};

/// What of a server the faults strike.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Where transport's agents are registered.
    pub agents_file: ServerPath,
    /// The assembly of one of the product's agents.
    pub assembly: Option<ServerPath>,
    /// A file of the product's settings.
    pub setting: Option<ServerPath>,
    /// The product's service.
    pub service: Option<String>,
    /// The logon name of its account.
    pub user: Option<String>,
}

impl Scene {
    /// The one of a plan's own server.
    #[must_use]
    pub fn of(plan: &Plan, world: &World) -> Self {
        let agents = world.agents().unwrap_or_default();
        let own = agents.iter().find(|agent| plan.scanners.iter().any(|id| id.same(&agent.id)));
        let folder = own.and_then(|agent| agent.assembly.parent());
        let account = plan.steps.iter().find_map(|step| match &step.operation {
            Operation::VerifyServiceAccount { service, account } => Some((service.as_str(), account)),
            _ => None,
        });
        let service = plan.steps.iter().find_map(|step| match &step.operation {
            Operation::StartService { service } => Some(service.as_str()),
            _ => None,
        });
        let setting = world.disk.below(&worlds::settings_folder(world)).next();
        let hub = if world.exchange().is_some_and(|exchange| exchange.edge) {
            TransportService::Edge
        } else {
            TransportService::Hub
        };
        Self {
            agents_file: world
                .agents_file(hub)
                .unwrap_or_else(|_| folder.unwrap_or(ServerPath::new(r"C:\none"))),
            assembly: own.map(|agent| agent.assembly.clone()),
            setting: setting.map(|file| file.path.clone()),
            service: account.map(|(service, _)| service).or(service).map(str::to_owned),
            user: account.map(|(_, account): (_, &AccountName)| account.user().to_owned()),
        }
    }
}

/// A fault and its name.
pub type Named = (&'static str, Fault);

/// Every fault of a product's upgrade on a server.
#[must_use]
pub fn of(product: &str, scene: &Scene) -> Vec<Named> {
    match product {
        "eset" => eset(scene),
        _ => vipre(scene),
    }
}

/// What every server suffers from, whatever product it carries.
fn installers() -> [Named; 5] {
    [
        ("installer wants a restart", Fault::InstallerExit(3010)),
        ("installer has begun a restart", Fault::InstallerExit(1641)),
        ("another installation runs", Fault::InstallerExit(1618)),
        ("installer fails", Fault::InstallerExit(1603)),
        ("installer is cancelled", Fault::InstallerExit(1602)),
    ]
}

fn assembly(scene: &Scene) -> Vec<Named> {
    let Some(file) = &scene.assembly else { return Vec::new() };
    vec![
        ("locked agent assembly", Fault::FileHeldByShell(file.clone())),
        ("locked agent assembly fails the installer", Fault::FileHeldAndInstallerFails(file.clone())),
        ("missing assembly after the installation", Fault::FileForgotten(file.clone())),
    ]
}

fn service(scene: &Scene) -> Option<Named> {
    let name = scene.service.clone()?;
    Some(("service does not start", Fault::ServiceDoesNotStart(name, 1)))
}

fn transport() -> Named {
    ("transport does not start", Fault::ServiceDoesNotStart("MSExchangeTransport".to_owned(), 1))
}

/// VIPRE's.
#[must_use]
pub fn vipre(scene: &Scene) -> Vec<Named> {
    let mut all: Vec<Named> = installers().into();
    all.extend(scene.user.clone().map(|user| ("wrong password", Fault::PasswordChanged(user))));
    all.extend(assembly(scene));
    all.push(("spontaneous reboot", Fault::SpontaneousReboot(30_000)));
    all.push(("disk full", Fault::DiskFull(64)));
    all.extend(scene.setting.clone().map(|file| ("unreadable settings file", Fault::FileUnreadable(file))));
    all.push(("restart does not happen", Fault::RestartDoesNotHappen(1)));
    all.extend(service(scene));
    all.extend([
        transport(),
        ("mail is refused", Fault::MailRefused),
        ("agents.config is damaged", Fault::AgentsFileCut(scene.agents_file.clone())),
        ("directory unreachable", Fault::DirectoryUnreachable),
        ("console does not close", Fault::StubbornPrograms),
    ]);
    all
}

/// ESET's.
#[must_use]
pub fn eset(scene: &Scene) -> Vec<Named> {
    let mut all = vec![
        ("export tool fails", Fault::ToolExit(9)),
        ("export is not there", Fault::ExportSpoilt(SpoiltExport::Missing)),
        ("export is empty", Fault::ExportSpoilt(SpoiltExport::Empty)),
        ("export is foreign", Fault::ExportSpoilt(SpoiltExport::Foreign)),
        ("export of another build", Fault::ExportSpoilt(SpoiltExport::OtherBuild)),
        ("settings are lost in the import", Fault::ImportLoses("plugins/SimMail".to_owned())),
    ];
    // In the manual method the first of them is the uninstall.
    all.extend(installers());
    all.extend(assembly(scene));
    all.extend([
        ("spontaneous reboot", Fault::SpontaneousReboot(60_000)),
        ("restart does not happen", Fault::RestartDoesNotHappen(1)),
        ("disk full", Fault::DiskFull(64)),
    ]);
    all.extend(service(scene));
    all.extend([
        transport(),
        ("mail is refused", Fault::MailRefused),
        ("agents.config is damaged", Fault::AgentsFileCut(scene.agents_file.clone())),
    ]);
    all
}

/// A person puts right what the faults did; what the upgrade did stays. `sound` is the server without them.
pub fn put_right(world: &mut World, sound: &World) {
    let refused = std::mem::take(&mut world.faults).refuse_mail;
    world.disk.capacity.clone_from(&sound.disk.capacity);
    world.directory.unreachable = false;
    for (user, password) in &sound.vault.directory {
        let kept = world.services.keys().filter_map(|name| world.vault.services.get(&**name));
        // What the upgrade itself has set stays; what somebody changed behind its back is put back.
        if kept.clone().any(|kept| kept == password) {
            world.vault.directory.insert(user.clone(), password.clone());
        }
    }
    for file in world.disk.files.values_mut() {
        file.unreadable = false;
    }
    for agent in sound.agents().unwrap_or_default() {
        if !world.disk.has_file(&agent.assembly)
            && let Ok(content) = sound.disk.read(&agent.assembly)
        {
            world.disk.put(&agent.assembly, content.clone(), world.now);
        }
    }
    if refused {
        _ = world.person_stops("MSExchangeTransport");
        _ = world.person_starts("MSExchangeTransport");
    }
}
