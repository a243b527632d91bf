//! ESET Mail Security for Microsoft Exchange Server on that server.
//!
//! The registry key, the service `ekrn`, the tool `ecmd.exe` and the form of an export are the vendor's. Everything that
//! carries `Sim` is not known from any source.

use super::{
    eset_installers as installers,
    exchange::{self, add_service, mailbox_server},
};
use crate::world::{
    World,
    agents::AgentRow,
    eset::{SETTINGS_PASSWORD, SimSettings},
    registry::UNINSTALL,
    services::SimService,
};
use mailsec_core::{
    host::{RegistryView, TransportService},
    values::ServerPath,
};
use std::sync::Arc;

/// Its name.
pub const NAME: &str = "ESET Mail Security for Microsoft Exchange Server";
/// Its service.
pub const SERVICE: &str = "ekrn";
/// The password that protects the settings, where one does.
pub const PASSWORD: &str = "Sim-Settings-Password-1";
/// How many built-in agents run before its own.
pub const AGENTS_AFTER: usize = 4;

/// A version that the simulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// 4.5, which has no `ecmd.exe` here.
    V45,
    /// 6.5.
    V65,
    /// 7.3.
    V73,
    /// 11.1.
    V111,
}

impl Build {
    /// Its version.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::V45 => "4.5.10020.0",
            Self::V65 => "6.5.10059.0",
            Self::V73 => "7.3.10014.0",
            Self::V111 => "11.1.10008.0",
        }
    }

    /// Its product code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::V45 => "{5150E5E7-0000-4000-8000-000000000045}",
            Self::V65 => "{5150E5E7-0000-4000-8000-000000000065}",
            Self::V73 => "{5150E5E7-0000-4000-8000-000000000073}",
            Self::V111 => "{5150E5E7-0000-4000-8000-000000000111}",
        }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(self) -> ServerPath {
        ServerPath::new(match self {
            Self::V45 => r"C:\Program Files\ESET\SimMailSecurity4",
            _ => r"C:\Program Files\ESET\SimMailSecurity",
        })
    }

    /// A path in its folder.
    #[must_use]
    pub fn path(self, below: &str) -> ServerPath {
        self.folder().join(below)
    }

    /// Its transport agent: name, factory, assembly.
    #[must_use]
    pub fn agent(self) -> (String, String, ServerPath) {
        let (name, factory, file) = match self {
            Self::V45 => ("Sim ESET Mail Agent 4", "Sim.Eset4.AgentFactory", "SimAgent4.dll"),
            _ => ("Sim ESET Mail Agent", "Sim.Eset.AgentFactory", "SimMailAgent.dll"),
        };
        (name.to_owned(), factory.to_owned(), self.path(file))
    }

    /// What it begins with.
    #[must_use]
    pub fn defaults(self) -> SimSettings {
        let first = SimSettings::of(self.version())
            .and("plugins/SimGeneral/settings/SimLogDays", "30")
            .and("plugins/SimGeneral/settings/SimUpdates", "hourly")
            .and("plugins/SimAntispam/settings/SimThreshold", "50")
            .and("plugins/SimMail/settings/SimEnabled", "1");
        match self {
            Self::V45 => first,
            Self::V65 | Self::V73 => first.and("plugins/SimAntispam/settings/SimGreylisting", "0"),
            Self::V111 => first
                .and("plugins/SimAntispam/settings/SimGreylisting", "0")
                .and("plugins/SimAntispam/settings/SimBackscatter", "1"),
        }
    }

    /// How an administrator has set it up.
    #[must_use]
    pub fn set_up(self) -> SimSettings {
        let mut settings = self.defaults();
        let own = [
            ("plugins/SimGeneral/settings/SimLogDays", "90"),
            ("plugins/SimGeneral/settings/SimAdmin", "postmaster@lab.example"),
            ("plugins/SimAntispam/settings/SimThreshold", "65"),
            ("plugins/SimAntispam/settings/SimWhitelist/1", "partner.example"),
            ("plugins/SimAntispam/settings/SimWhitelist/2", "news & more.example"),
            ("plugins/SimAntispam/settings/SimBlacklist/1", "spam.example"),
            ("plugins/SimMail/settings/rules/1/name", "No programs"),
            ("plugins/SimMail/settings/rules/1/enabled", "1"),
            ("plugins/SimMail/settings/rules/1/SimCondition", "attachment is *.exe"),
            ("plugins/SimMail/settings/rules/1/SimAction", "delete attachment"),
            ("plugins/SimMail/settings/rules/2/name", "Large mail"),
            ("plugins/SimMail/settings/rules/2/enabled", "0"),
            ("plugins/SimMail/settings/rules/2/SimCondition", "size > 50 MB"),
            ("plugins/SimMail/settings/rules/2/SimAction", "quarantine"),
        ];
        for (path, value) in own {
            settings.set(path, value);
        }
        settings
    }
}

/// A server with this version, set up by somebody, everything running, and installers in `C:\Install`.
#[must_use]
pub fn eset(build: Build) -> World {
    let mut world = mailbox_server();
    for (file, text) in installers::programs(build) {
        world.disk.put(&file, text, world.now);
    }
    world.disk.put(&build.path(r"SimData\settings.xml"), build.set_up().text(), world.now);
    for (key, values) in installers::keys(build) {
        for (name, value) in values {
            world.registry.set(RegistryView::Wide, &key, &name, value);
        }
    }
    world.removals.insert(build.code().to_owned(), installers::removal(build).into());
    let service = SimService {
        image: Some(build.path("ekrn.exe")),
        ..SimService::new(SERVICE, "Sim ESET Service", world.now)
    };
    add_service(&mut world, service);
    let mut rows = world.agent_rows(TransportService::Hub).unwrap_or_default().to_vec();
    let (name, factory, assembly) = build.agent();
    rows.insert(
        AGENTS_AFTER.min(exchange::BUILT_IN_AGENTS.len()),
        Arc::new(AgentRow::new(&name, &factory, &assembly)),
    );
    // A fresh world's disk has room for the file.
    _ = world.set_agent_rows(TransportService::Hub, rows);
    _ = world.load_agents("msexchangetransport");
    world.mail.scanners = vec![name];
    world.refresh_mail();
    installers::put_all(&mut world);
    world
}

/// 4.5.
#[must_use]
pub fn eset_45() -> World {
    eset(Build::V45)
}

/// 6.5.
#[must_use]
pub fn eset_65() -> World {
    eset(Build::V65)
}

/// 7.3.
#[must_use]
pub fn eset_73() -> World {
    eset(Build::V73)
}

/// 6.5, its settings protected by a password.
#[must_use]
pub fn eset_protected() -> World {
    let mut world = eset_65();
    world.vault.products.insert(SETTINGS_PASSWORD.to_owned(), PASSWORD.to_owned());
    world
}

/// 7.3 on a server where files wait for the next restart.
#[must_use]
pub fn eset_restart_pending() -> World {
    let mut world = eset_73();
    world.pending.push(mailsec_core::host::PendingRestart {
        sign: r"SYSTEM\CurrentControlSet\Control\Session Manager, PendingFileRenameOperations".to_owned(),
        detail: r"C:\Windows\SimDriver.sys".to_owned(),
        weight: mailsec_core::host::PendingWeight::Warn,
    });
    world
}

/// The Uninstall key of a version.
pub(super) fn uninstall_key(build: Build) -> String {
    format!(r"{UNINSTALL}\{}", build.code())
}
