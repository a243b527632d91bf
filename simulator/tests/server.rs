//! What goes wrong on real servers goes wrong here as well.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::result_large_err,
    reason = "tests, helpers included"
)]

mod common;

use common::{LIMIT, RIGHT, install, permit, product_agents, upgrade};
use futures::executor::block_on;
use mailsec_core::{
    Code,
    host::{Host, InstallerOutcome, Rank, ServiceName, ServiceState, TransportService},
    values::{AccountName, Secret},
};
use mailsec_simulator::{
    Fault, SimHost, World, oracle,
    world::mail::MailGate,
    worlds::{self, installers, vipre, vipre_45},
};
use std::time::Duration;

fn start(host: &SimHost, service: &str) -> Result<(), Code> {
    let name = ServiceName::new(service);
    block_on(host.services().start(&permit(), &name, LIMIT)).map_err(|failure| failure.code)
}

fn stop(host: &SimHost, service: &str) {
    block_on(host.services().stop(&permit(), &ServiceName::new(service), LIMIT)).unwrap();
}

fn with(fault: Fault) -> SimHost {
    SimHost::in_memory(worlds::with(vipre_45(), &[fault]))
}

#[test]
fn the_beginning_is_a_healthy_server() {
    let world = vipre_45();
    assert_eq!(world.mail.gate, MailGate::Scanned);
    assert_eq!(oracle::transport_in_effect(&world), Ok(()));
    let places: Vec<u32> = product_agents(&world).iter().map(|agent| agent.priority).collect();
    assert_eq!(places, [5, 6], "in the middle of the list");
    assert_eq!(world.programs().iter().filter(|p| !p.is_service).count(), 1);
    let text = serde_json::to_string(&world).unwrap();
    assert_eq!(serde_json::from_str::<World>(&text).unwrap(), world);
    assert_eq!(oracle::no_password_in(&world, &format!("{world:?}")), Ok(()));
    assert!(oracle::no_password_in(&world, &text).is_err(), "the file holds them");
}

#[test]
fn transport_does_not_start_without_an_assembly_until_its_agent_is_disabled() {
    let host = SimHost::in_memory(vipre_45());
    stop(&host, "MSExchangeTransport");
    host.change(|world| world.disk.remove(&vipre::assembly(0)).unwrap()).unwrap();
    assert_eq!(start(&host, "MSExchangeTransport"), Err(Code::ServiceStart));
    let world = host.world();
    assert_eq!(world.events.iter().map(|event| event.id).collect::<Vec<_>>(), [7001, 16023]);
    assert_eq!(world.mail.gate, MailGate::Closed);
    assert!(oracle::transport_can_start(&world).is_err());

    let agent = product_agents(&vipre_45()).remove(0);
    block_on(host.transport().set_enabled(&permit(), &agent.id, false)).unwrap();
    assert_eq!(start(&host, "MSExchangeTransport"), Ok(()));
    assert_eq!(host.world().mail.gate, MailGate::Unscanned);
}

#[test]
fn an_installer_that_moves_or_forgets_the_assembly_breaks_transport() {
    let agents = product_agents(&vipre_45());
    for host in [SimHost::in_memory(vipre_45()), with(Fault::FileForgotten(vipre::assembly(1)))] {
        let package =
            if host.look(|world| world.faults.omit.is_some()) { RIGHT } else { installers::MOVES_ASSEMBLY };
        assert_eq!(upgrade(&host, &agents, package).unwrap_err().code, Code::AssemblyMissing);
    }
}

#[test]
fn a_loaded_assembly_is_replaced_only_by_a_restart() {
    let host = SimHost::in_memory(vipre_45());
    assert_eq!(
        install(&host, RIGHT).unwrap(),
        InstallerOutcome::RestartNeeded,
        "transport holds the assemblies"
    );
    assert!(!block_on(host.power().pending()).unwrap().is_empty());
    let content =
        |host: &SimHost| host.world().disk.read(&vipre::assembly(0)).unwrap().text().unwrap().to_owned();
    assert!(content(&host).contains("4.5"));
    host.boot().unwrap();
    assert!(content(&host).contains("5.1"));
    assert_eq!(block_on(host.power().pending()).unwrap(), []);

    let held = with(Fault::FileHeldAndInstallerFails(vipre::assembly(0)));
    stop(&held, "MSExchangeTransport");
    assert_eq!(install(&held, RIGHT).unwrap(), InstallerOutcome::Failed(1603));
    let before = vipre_45();
    assert_eq!(
        held.world().disk.below(&vipre::path("")).count(),
        before.disk.below(&vipre::path("")).count()
    );
    assert_eq!(held.world().registry, before.registry, "a failed package is taken back");
    stop(&held, "W3SVC");
    let agent = product_agents(&before).remove(0);
    let no_shell = block_on(held.transport().uninstall(&permit(), &agent.id)).unwrap_err();
    assert_eq!(no_shell.code, Code::Shell, "the shell lives in IIS");
    block_on(held.processes().under(&vipre::path(""))).unwrap();
    let console = block_on(held.processes().under(&vipre::path(""))).unwrap();
    for program in console.iter().filter(|program| !program.is_service) {
        block_on(held.processes().close(&permit(), program, LIMIT)).unwrap();
    }
    assert_eq!(install(&held, RIGHT).unwrap(), InstallerOutcome::Done, "nobody holds them any more");
}

#[test]
fn installers_end_as_the_fault_says() {
    for (code, outcome) in [
        (3010, InstallerOutcome::RestartNeeded),
        (1641, InstallerOutcome::RestartBegun),
        (1618, InstallerOutcome::Busy),
        (1603, InstallerOutcome::Failed(1603)),
        (1602, InstallerOutcome::Cancelled),
    ] {
        let host = with(Fault::InstallerExit(code));
        assert_eq!(install(&host, RIGHT).unwrap(), outcome);
        let new = host.look(|world| world.installed_version(vipre::NEW_NAME)).is_some();
        assert_eq!(new, outcome.succeeded());
        assert_eq!(block_on(host.packages().busy()).unwrap(), code == 1618);
        block_on(host.clock().sleep(Duration::from_secs(90)));
        assert_eq!(host.is_off(), code == 1641, "{code}");
    }
    let host = SimHost::in_memory(vipre_45());
    assert_eq!(install(&host, installers::DAMAGED).unwrap(), InstallerOutcome::Failed(1620));
    assert_eq!(install(&host, r"C:\Install\none.msi").unwrap_err().code, Code::PackageMissing);
}

#[test]
fn a_service_follows_the_password_of_its_account() {
    let (service, account) = (ServiceName::new(vipre::SERVICE), vipre::account().unwrap());
    let host = with(Fault::PasswordChanged("svc-vipre".to_owned()));
    assert_eq!(start(&host, vipre::SERVICE), Ok(()), "it runs already");
    stop(&host, vipre::SERVICE);
    assert_eq!(start(&host, vipre::SERVICE), Err(Code::ServiceStart));
    let password = Secret::new("A-New-Password-22");
    block_on(host.directory().set_password(&permit(), &account, &password)).unwrap();
    assert_eq!(start(&host, vipre::SERVICE), Err(Code::ServiceStart), "the service manager has the old one");
    block_on(host.services().set_log_on(&permit(), &service, &account, &password)).unwrap();
    assert_eq!(start(&host, vipre::SERVICE), Ok(()));
    let nobody = AccountName::parse(r"LAB\nobody").unwrap();
    let refused = block_on(host.services().set_log_on(&permit(), &service, &nobody, &password));
    assert_eq!(refused.unwrap_err().code, Code::ServiceConfig);
}

#[test]
fn rights_are_found_through_every_kind_of_membership() {
    let through = |world: World| {
        let account = world.account(&vipre::account().unwrap()).unwrap().unwrap();
        account.administrator_through().next().map(|m| (m.rank, m.through.join(" > "), m.primary))
    };
    assert_eq!(through(vipre_45()), None);
    assert_eq!(through(worlds::groups_in_a_loop()), None);
    let chain = "Night Shift > On Call > Domain Admins".to_owned();
    assert_eq!(through(worlds::service_account_is_nested_admin()), Some((Rank::DomainAdmin, chain, false)));
    let primary = Some((Rank::DomainAdmin, "Domain Admins".to_owned(), true));
    assert_eq!(through(worlds::admin_by_primary_group()), primary);
    let exchange = "Exchange Helpers > Organization Management".to_owned();
    assert_eq!(
        through(worlds::service_account_is_exchange_admin()),
        Some((Rank::ExchangeAdmin, exchange, false))
    );
}

#[test]
fn a_boot_starts_services_in_their_order_and_not_at_once() {
    let host = SimHost::in_memory(vipre_45());
    let boot = block_on(host.power().boot()).unwrap();
    block_on(host.power().restart(&permit(), "test")).unwrap();
    assert_eq!(block_on(host.power().boot()).unwrap(), boot, "asked for is not done");
    block_on(host.clock().sleep(Duration::from_secs(10)));
    assert!(host.is_off());
    host.restart_process().unwrap();
    assert_ne!(block_on(host.power().boot()).unwrap(), boot, "it went down, so it came up anew");
    let state = |name: &str| host.look(|world| world.service(name).unwrap().state);
    assert_eq!(
        (state("EventLog"), state("MSExchangeTransport")),
        (ServiceState::Running, ServiceState::Starting)
    );
    assert_eq!(block_on(host.transport().queues()).unwrap(), None);
    start(&host, "MSExchangeTransport").unwrap();
    let order = host.look(|world| {
        ["MSExchangeADTopology", "MSExchangeTransport"]
            .map(|name| world.service(name).unwrap().started.unwrap())
    });
    assert!(order[0] < order[1]);
    assert!(host.look(|world| world.processes.is_empty()), "nobody has opened the console again");

    let stubborn = with(Fault::RestartDoesNotHappen(1));
    block_on(stubborn.power().restart(&permit(), "test")).unwrap();
    block_on(stubborn.clock().sleep(LIMIT));
    assert!(!stubborn.is_off());
}

#[test]
fn the_disk_ends_and_files_can_be_unreadable() {
    let full = SimHost::in_memory(worlds::disk_full());
    let to = vipre::path(r"..\Backup\a.txt");
    let failure = block_on(full.files().write(&permit(), &to, &[b'x'; 65])).unwrap_err();
    assert_eq!(failure.code, Code::DiskFull);
    assert_eq!(block_on(full.files().stat(&to)).unwrap(), None);
    let unreadable = SimHost::in_memory(worlds::unreadable_settings());
    let failure = block_on(unreadable.files().tree(&vipre::path("Settings"))).unwrap_err();
    assert_eq!(failure.code, Code::FileUnreadable, "never left out");
}

#[test]
fn every_named_fault_changes_its_world() {
    for (name, fault) in worlds::named_faults() {
        let world = worlds::with(vipre_45(), std::slice::from_ref(&fault));
        assert_ne!(world, vipre_45(), "{name}");
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault, "{name}");
    }
    let cut = with(worlds::named_faults().into_iter().find(|(name, _)| name.contains("config")).unwrap().1);
    assert_eq!(block_on(cut.transport().agents()).unwrap_err().code, Code::AgentsUnreadable);
    assert!(vipre_45().agent_rows(TransportService::FrontEnd).unwrap().is_empty());
}
