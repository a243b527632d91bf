//! ESET's installers in `C:\Install`: the right ones, and those that lead astray.

use super::{
    eset::{Build, NAME, SERVICE, uninstall_key},
    installers::PUBLISHER,
};
use crate::world::{
    World,
    eset::{INFO, SETTINGS_PASSWORD, STATE},
    script::{Script, Stage},
    tool::Tool,
};
use mailsec_core::{
    host::{PackageKind, RegistryView, Signature},
    values::ServerPath,
};
use std::collections::BTreeMap;

/// 6.5.
pub const TO_65: &str = r"C:\Install\SimEset-6.5.msi";
/// 7.3.
pub const TO_73: &str = r"C:\Install\SimEset-7.3.msi";
/// 11.1.
pub const TO_111: &str = r"C:\Install\SimEset-11.1.msi";
/// 11.1, whose agent is registered and left disabled.
pub const DISABLED: &str = r"C:\Install\SimEset-11.1-disabled.msi";
/// 11.1, which registers no agent.
pub const NO_AGENT: &str = r"C:\Install\SimEset-11.1-no-agent.msi";
/// 11.1, which asks for a restart.
pub const WANTS_RESTART: &str = r"C:\Install\SimEset-11.1-restart.msi";
/// ESET's product for file servers.
pub const FILE_SERVER: &str = r"C:\Install\SimEset-file-server.msi";
/// Its product for another mail server.
pub const DOMINO: &str = r"C:\Install\SimEset-domino.msi";

const VIEW: RegistryView = RegistryView::Wide;

/// Puts all of them on the disk.
pub fn put_all(world: &mut World) {
    let right = || installer(Build::V111, Some(true));
    let all = [
        (TO_65, installer(Build::V65, Some(true))),
        (TO_73, installer(Build::V73, Some(true))),
        (TO_111, right()),
        (DISABLED, installer(Build::V111, Some(false))),
        (NO_AGENT, installer(Build::V111, None)),
        (WANTS_RESTART, Script { wants_restart: true, ..right() }),
        (FILE_SERVER, Script { product: "ESET Server Security".to_owned(), ..right() }),
        (DOMINO, Script { product: "ESET Mail Security for IBM Domino".to_owned(), ..right() }),
    ];
    for (path, script) in all {
        world.disk.put(&ServerPath::new(path), script.text(), world.now);
    }
}

/// The programs of a version.
#[must_use]
pub fn programs(build: Build) -> BTreeMap<ServerPath, String> {
    let (agent, _, assembly) = build.agent();
    let version = build.version();
    let mut files = BTreeMap::from([
        (build.path("ekrn.exe"), format!("service of {version}")),
        (assembly, format!("{agent} of {version}")),
    ]);
    if build != Build::V45 {
        files.insert(build.path("ecmd.exe"), Tool::Ecmd.text());
    }
    files
}

/// The registry keys of a version, with their values.
#[must_use]
pub fn keys(build: Build) -> Vec<(String, BTreeMap<String, String>)> {
    let folder = build.folder();
    let own = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let info = own(&[
        ("ProductName", NAME),
        ("ProductVersion", build.version()),
        ("InstallDir", folder.as_str()),
        ("ProductCode", build.code()),
    ]);
    let entry = own(&[
        ("DisplayName", NAME),
        ("DisplayVersion", build.version()),
        ("Publisher", PUBLISHER),
        ("InstallLocation", folder.as_str()),
    ]);
    vec![(INFO.to_owned(), info), (uninstall_key(build), entry)]
}

/// An installer; it registers the agent, enabled or not, or registers none.
#[must_use]
pub fn installer(build: Build, agent: Option<bool>) -> Script {
    let settings = build.path(r"SimData\settings.xml");
    let mut stages = vec![Stage::StopService(SERVICE.to_owned())];
    // Over another version: that one's entry goes, its settings stay.
    for other in [Build::V45, Build::V65, Build::V73, Build::V111] {
        if other != build {
            stages.push(Stage::RemoveKey { view: VIEW, key: uninstall_key(other) });
        }
    }
    stages.extend([
        Stage::RemoveFiles { folder: build.folder(), keep: Some(build.path("SimData")) },
        Stage::WriteFiles(programs(build)),
        Stage::Settings { file: settings, defaults: build.defaults() },
        Stage::Service {
            name: SERVICE.to_owned(),
            display: "Sim ESET Service".to_owned(),
            image: build.path("ekrn.exe"),
            log_on: None,
        },
    ]);
    stages.extend(keys(build).into_iter().map(|(key, values)| Stage::WriteKey { view: VIEW, key, values }));
    stages.push(Stage::StartService(SERVICE.to_owned()));
    stages.extend(agent.map(|enable| Stage::RegisterAgents { agents: vec![build.agent()], enable }));
    Script {
        product: NAME.to_owned(),
        version: build.version().to_owned(),
        product_code: Some(build.code().to_owned()),
        kind: PackageKind::Msi,
        signature: Signature::Valid(PUBLISHER.to_owned()),
        folder: build.folder(),
        stages: stages.into(),
        removal: removal(build).into(),
        wants_restart: false,
        fails_at: None,
    }
}

/// What removing it does: its settings go with it, and only a restart ends it.
#[must_use]
pub fn removal(build: Build) -> Vec<Stage> {
    vec![
        Stage::StopService(SERVICE.to_owned()),
        Stage::RemoveService(SERVICE.to_owned()),
        Stage::RemoveFiles { folder: build.folder(), keep: None },
        Stage::RemoveKey { view: VIEW, key: INFO.to_owned() },
        Stage::RemoveKey { view: VIEW, key: STATE.to_owned() },
        Stage::RemoveKey { view: VIEW, key: uninstall_key(build) },
        Stage::ForgetPassword(SETTINGS_PASSWORD.to_owned()),
        Stage::WantsRestart,
    ]
}
