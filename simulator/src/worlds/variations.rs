//! The same server with something wrong.

use super::{
    exchange::DOMAIN,
    vipre::{self, SERVICE, vipre_45},
};
use crate::{
    catalogue::{self, Scene},
    faults::Fault,
    world::World,
};
use mailsec_core::{
    host::{PendingRestart, PendingWeight, StartMode},
    values::ServerPath,
};

/// A world with faults in it.
#[must_use]
pub fn with(mut world: World, faults: &[Fault]) -> World {
    for fault in faults {
        fault.apply(&mut world);
    }
    world
}

fn with_user(change: impl FnOnce(&mut crate::world::directory::SimUser)) -> World {
    let mut world = vipre_45();
    let user = vipre::account().map(|account| account.user().to_ascii_lowercase()).unwrap_or_default();
    if let Some(user) = world.directory.users.get_mut(&user) {
        change(user);
    }
    world
}

/// The service's account is a domain administrator through three groups.
#[must_use]
pub fn service_account_is_nested_admin() -> World {
    with_user(|user| user.groups.push("Night Shift".to_owned()))
}

/// The service's account has Domain Admins as its primary group, which no list of members shows.
#[must_use]
pub fn admin_by_primary_group() -> World {
    with_user(|user| user.primary = "Domain Admins".to_owned())
}

/// The service's account administers Exchange, through a group of another name.
#[must_use]
pub fn service_account_is_exchange_admin() -> World {
    with_user(|user| user.groups.push("Exchange Helpers".to_owned()))
}

/// The service's account is in groups that are members of each other.
#[must_use]
pub fn groups_in_a_loop() -> World {
    with_user(|user| user.groups.push("Mail Operators".to_owned()))
}

/// The password of the service's account expires.
#[must_use]
pub fn password_expires() -> World {
    with_user(|user| user.password_never_expires = false)
}

/// The service runs as LocalSystem.
#[must_use]
pub fn service_is_local_system() -> World {
    let mut world = vipre_45();
    if let Ok(service) = world.service_mut(SERVICE) {
        service.account = "LocalSystem".into();
    }
    world
}

/// The service is disabled and does not run.
#[must_use]
pub fn service_disabled() -> World {
    let mut world = vipre_45();
    world.switch_off(&SERVICE.to_ascii_lowercase());
    if let Ok(service) = world.service_mut(SERVICE) {
        service.start = StartMode::Disabled;
    }
    world
}

/// Hardly any space is left.
#[must_use]
pub fn disk_full() -> World {
    with(vipre_45(), &[Fault::DiskFull(64)])
}

/// One of the settings files cannot be read.
#[must_use]
pub fn unreadable_settings() -> World {
    with(vipre_45(), &[Fault::FileUnreadable(vipre::path(r"Settings\Policies\Antispam.xml"))])
}

/// Windows has updates that wait for a restart.
#[must_use]
pub fn restart_pending() -> World {
    let mut world = vipre_45();
    world.pending.push(PendingRestart {
        sign: r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending".to_owned(),
        detail: "the key exists".to_owned(),
        weight: PendingWeight::Stop,
    });
    world
}

/// One agent is disabled already before the upgrade.
#[must_use]
pub fn one_agent_disabled() -> World {
    let mut world = vipre_45();
    let hub = mailsec_core::host::TransportService::Hub;
    let mut rows = world.agent_rows(hub).unwrap_or_default().to_vec();
    for row in rows.iter_mut().filter(|row| *row.name == *vipre::AGENTS[1].0) {
        std::sync::Arc::make_mut(row).enabled = false;
    }
    // A fresh world's disk has room for the file.
    _ = world.set_agent_rows(hub, rows);
    _ = world.load_agents("msexchangetransport");
    world.mail.scanners.truncate(1);
    world.refresh_mail();
    world
}

/// VIPRE is not installed.
#[must_use]
pub fn no_product() -> World {
    super::exchange::mailbox_server()
}

/// Neither Exchange nor a product is installed.
#[must_use]
pub fn bare_windows() -> World {
    let mut world = World::new("WEB01");
    world.directory.domain = DOMAIN.to_owned();
    world
}

/// Every named fault of this product's upgrade, for tables of tests.
#[must_use]
pub fn named_faults() -> Vec<(&'static str, Fault)> {
    catalogue::vipre(&Scene {
        agents_file: ServerPath::new(super::exchange::FOLDER).join(r"TransportRoles\Shared\agents.config"),
        assembly: Some(vipre::assembly(0)),
        setting: Some(vipre::path(r"Settings\Config.xml")),
        service: Some(SERVICE.to_owned()),
        user: vipre::account().map(|account| account.user().to_owned()),
    })
}
