//! The power goes off, or only our process dies, at every crash point of an upgrade.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::result_large_err,
    reason = "tests, helpers included"
)]

mod common;

use common::{RIGHT, assert_upgraded, install, product_agents, upgrade};
use mailsec_core::{Code, host::InstallerOutcome};
use mailsec_simulator::{
    CrashAt, SimHost, World, oracle,
    worlds::{installers, vipre, vipre_45},
};

fn calm_points() -> Vec<&'static str> {
    let host = SimHost::in_memory(vipre_45());
    upgrade(&host, &product_agents(&vipre_45()), RIGHT).unwrap();
    assert_upgraded(&vipre_45(), &host.world());
    assert_eq!(oracle::none_unscanned(&host.world()), Ok(()));
    host.points()
}

#[test]
fn a_calm_upgrade_passes_these_points() {
    let points = calm_points();
    let begun = points.iter().position(|label| *label == "install: begun").unwrap();
    let install: Vec<&str> = points[begun - 1..begun + 9].to_vec();
    let mut expected = vec!["install: before", "install: begun"];
    expected.extend(["install: between stages"; 7]);
    expected.push("install: after");
    assert_eq!(install, expected);
}

/// Answers how many of the runs let mail through unscanned.
fn crash_everywhere(recover: fn(&SimHost), package: &str) -> usize {
    let before = vipre_45();
    let agents = product_agents(&before);
    let points = {
        let host = SimHost::in_memory(before.clone());
        upgrade(&host, &agents, package).unwrap();
        host.points().len()
    };
    let mut unscanned = 0;
    for point in 0..points {
        let host = SimHost::in_memory(before.clone()).with_tape(CrashAt::new(point));
        let failure = upgrade(&host, &agents, package).unwrap_err();
        assert_eq!((failure.code, host.is_off()), (Code::World, true), "point {point}");
        let label = host.points()[point];
        assert_eq!(
            upgrade(&host, &agents, package).unwrap_err().code,
            Code::World,
            "off until it is on again"
        );
        recover(&host);
        upgrade(&host, &agents, package).unwrap_or_else(|failure| panic!("{label} ({point}): {failure}"));
        assert_upgraded(&before, &host.world());
        unscanned += usize::from(oracle::none_unscanned(&host.world()).is_err());
    }
    unscanned
}

#[test]
fn after_a_power_cut_anywhere_the_upgrade_can_be_finished() {
    let unscanned = crash_everywhere(|host| host.boot().unwrap(), RIGHT);
    // Transport starts by itself at boot, whether or not the agents are registered: stopping it holds no mail
    // across a power cut, and the model must show that.
    assert!(unscanned > 0);
}

#[test]
fn after_our_death_anywhere_the_upgrade_can_be_finished() {
    let unscanned = crash_everywhere(|host| host.restart_process().unwrap(), RIGHT);
    assert_eq!(unscanned, 0, "what was stopped stays stopped");
}

#[test]
fn a_program_that_is_cut_stays_half_way_and_can_be_run_again() {
    crash_everywhere(|host| host.boot().unwrap(), installers::RIGHT_EXE);
}

fn install_cut_at(label: &str, times: usize, package: &str) -> World {
    let calm = SimHost::in_memory(vipre_45());
    install(&calm, package).unwrap();
    let points = calm.points();
    let mut found = points.iter().enumerate().filter(|(_, point)| **point == label).map(|(index, _)| index);
    let host = SimHost::in_memory(vipre_45()).with_tape(CrashAt::new(found.nth(times).unwrap()));
    install(&host, package).unwrap_err();
    host.boot().unwrap();
    host.world()
}

#[test]
fn a_cut_between_stages_leaves_half_a_product_and_the_next_installation_takes_it_back() {
    let cut = install_cut_at("install: between stages", 2, RIGHT);
    assert!(!cut.disk.has_file(&vipre::path("SimPluginManager.exe")), "removed, and not yet written anew");
    assert_eq!(cut.installed_version(vipre::OLD_NAME), None);
    assert_eq!(cut.installed_version(vipre::NEW_NAME), None);
    assert!(cut.disk.has_file(&vipre::path(r"Settings\Config.xml")));
    assert!(cut.suspended.is_some() && cut.installer.is_none());
    assert!(oracle::transport_can_start(&cut).is_err(), "the assemblies went with the files");

    let host = SimHost::in_memory(cut);
    assert_eq!(install(&host, installers::FAILS).unwrap(), InstallerOutcome::Failed(1603));
    let back = host.world();
    assert_eq!(back.installed_version(vipre::OLD_NAME).as_deref(), Some(vipre::OLD_VERSION));
    assert!(back.disk.has_file(&vipre::path("SimPluginManager.exe")));
}

#[test]
fn our_death_does_not_stop_the_installer() {
    let host = SimHost::in_memory(vipre_45()).with_tape(CrashAt::new(3));
    install(&host, RIGHT).unwrap_err();
    host.restart_process().unwrap();
    assert!(host.look(World::installer_busy));
    assert_eq!(install(&host, RIGHT).unwrap(), InstallerOutcome::Busy);
    host.change(|world| world.pass(common::LIMIT)).unwrap().unwrap();
    assert!(!host.look(World::installer_busy));
    let version = host.look(|world| world.installed_version(vipre::NEW_NAME));
    assert_eq!(version.as_deref(), Some(vipre::NEW_VERSION));
}
