//! Installers in `C:\Install`: the right one, and those that lead astray.

use super::vipre::{
    AGENTS, FOLDER, NEW_CODE, NEW_NAME, NEW_VERSION, OLD_CODE, OLD_NAME, SERVICE, SERVICE_DISPLAY, path,
};
use crate::world::{
    World,
    act::{ACCOUNT_PROPERTY, PASSWORD_PROPERTY},
    registry::UNINSTALL,
    script::{Script, Stage},
};
use mailsec_core::{
    host::{PackageKind, RegistryView, Signature},
    values::ServerPath,
};
use std::collections::BTreeMap;

/// Who made the product and signed its installers.
pub const PUBLISHER: &str = "Sim Security Publisher";

/// The right one: an MSI package.
pub const RIGHT: &str = r"C:\Install\SimVipre-5.1.msi";
/// The right one as a program: what fails half-way stays half-way.
pub const RIGHT_EXE: &str = r"C:\Install\SimVipre-5.1.exe";
/// Ends with 3010.
pub const WANTS_RESTART: &str = r"C:\Install\SimVipre-5.1-restart.msi";
/// Another product.
pub const WRONG_PRODUCT: &str = r"C:\Install\SimOther-5.1.msi";
/// An older version.
pub const OLDER: &str = r"C:\Install\SimVipre-4.0.msi";
/// Changed after it was signed.
pub const BAD_SIGNATURE: &str = r"C:\Install\SimVipre-5.1-changed.msi";
/// Not signed.
pub const UNSIGNED: &str = r"C:\Install\SimVipre-5.1-unsigned.msi";
/// Puts the agents' assemblies into another sub-folder; what is registered then points nowhere.
pub const MOVES_ASSEMBLY: &str = r"C:\Install\SimVipre-5.1-moved.msi";
/// Registers the agents anew by itself, and leaves them disabled and last.
pub const REGISTERS_AGENTS: &str = r"C:\Install\SimVipre-5.1-registers.msi";
/// Fails with 1603 in its middle, and is taken back.
pub const FAILS: &str = r"C:\Install\SimVipre-5.1-fails.msi";
/// No installer at all.
pub const DAMAGED: &str = r"C:\Install\SimVipre-5.1-damaged.msi";

/// Puts all of them on the disk.
pub fn put_all(world: &mut World) {
    let right = server_edition(r"Agents");
    let msi = |change: fn(&mut Script)| {
        let mut script = right.clone();
        change(&mut script);
        script
    };
    let all = [
        (RIGHT, right.clone()),
        (RIGHT_EXE, msi(|script| script.kind = PackageKind::Exe)),
        (WANTS_RESTART, msi(|script| script.wants_restart = true)),
        (WRONG_PRODUCT, msi(|script| script.product = "Sim Other Mail Product".to_owned())),
        (
            OLDER,
            msi(|script| {
                script.product = OLD_NAME.to_owned();
                script.version = "4.0.0.0".to_owned();
            }),
        ),
        (
            BAD_SIGNATURE,
            msi(|script| {
                script.signature = Signature::Invalid("the file was changed after it was signed".to_owned());
            }),
        ),
        (UNSIGNED, msi(|script| script.signature = Signature::Absent)),
        (MOVES_ASSEMBLY, server_edition(r"Agents\x64")),
        (
            REGISTERS_AGENTS,
            msi(|script| {
                script.stages.push(Stage::RegisterAgents { agents: agents("Agents"), enable: false });
            }),
        ),
        (FAILS, msi(|script| script.fails_at = Some(5))),
    ];
    for (path, script) in all {
        world.disk.put(&ServerPath::new(path), script.text(), world.now);
    }
    world.disk.put(&ServerPath::new(DAMAGED), "no installer", world.now);
}

fn agents(folder: &str) -> Vec<(String, String, ServerPath)> {
    let files = ["SimVipreSmtp.dll", "SimVipreRouting.dll"];
    let row = |((name, factory), file): ((&str, &str), &str)| {
        (name.to_owned(), factory.to_owned(), path(folder).join(file))
    };
    AGENTS.into_iter().zip(files).map(row).collect()
}

/// An installer of the Server Edition that puts the agents' assemblies into this sub-folder.
#[must_use]
pub fn server_edition(agents_in: &str) -> Script {
    let settings = path("Settings");
    let text = |name: &str| format!("{name} of {NEW_VERSION}");
    let programs = ["SimConsole.exe", "SimPluginManager.exe"].map(|name| (path(name), text(name)));
    let assemblies = agents(agents_in).into_iter().map(|(name, _, file)| (file, text(&name)));
    let new_default = (settings.join("ServerEdition.xml"), "<Sim new=\"true\" />".to_owned());
    let values = [
        ("DisplayName", NEW_NAME),
        ("DisplayVersion", NEW_VERSION),
        ("Publisher", PUBLISHER),
        ("InstallLocation", FOLDER),
    ];
    let view = RegistryView::Narrow;
    let stages = vec![
        Stage::StopService(SERVICE.to_owned()),
        Stage::RemoveKey { view, key: format!(r"{UNINSTALL}\{OLD_CODE}") },
        Stage::RemoveFiles { folder: ServerPath::new(FOLDER), keep: Some(settings) },
        Stage::WriteFiles(programs.into_iter().chain(assemblies).collect()),
        Stage::AddFiles(BTreeMap::from([new_default])),
        Stage::Service {
            name: SERVICE.to_owned(),
            display: SERVICE_DISPLAY.to_owned(),
            image: path("SimPluginManager.exe"),
            log_on: Some((ACCOUNT_PROPERTY.to_owned(), PASSWORD_PROPERTY.to_owned())),
        },
        Stage::WriteKey {
            view,
            key: format!(r"{UNINSTALL}\{NEW_CODE}"),
            values: values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        },
        Stage::StartService(SERVICE.to_owned()),
    ];
    Script {
        product: NEW_NAME.to_owned(),
        version: NEW_VERSION.to_owned(),
        product_code: Some(NEW_CODE.to_owned()),
        kind: PackageKind::Msi,
        signature: Signature::Valid(PUBLISHER.to_owned()),
        folder: ServerPath::new(FOLDER),
        stages: stages.into(),
        removal: removal(NEW_CODE).into(),
        wants_restart: false,
        fails_at: None,
    }
}

/// What removing the product does; its settings go with it.
#[must_use]
pub fn removal(code: &str) -> Vec<Stage> {
    vec![
        Stage::StopService(SERVICE.to_owned()),
        Stage::RemoveService(SERVICE.to_owned()),
        Stage::RemoveFiles { folder: ServerPath::new(FOLDER), keep: None },
        Stage::RemoveKey { view: RegistryView::Narrow, key: format!(r"{UNINSTALL}\{code}") },
    ]
}
