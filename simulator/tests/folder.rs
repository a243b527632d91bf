//! A process that is killed finds its world again. The test runs its own program as that process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::result_large_err,
    reason = "tests, helpers included"
)]
#![cfg(unix)]

mod common;

use common::{RIGHT, assert_upgraded, product_agents, upgrade};
use mailsec_simulator::{SimHost, folder, worlds::vipre_45};
use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitStatus},
};

const FOLDER: &str = "MAILSEC_SIMULATOR_TEST_FOLDER";

/// Runs the upgrade in another process.
fn child(folder: &Path) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_killed_process", "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .unwrap()
        .status
}

/// Does nothing when it is run as a test.
#[test]
fn the_killed_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let host = SimHost::open(Path::new(&folder)).unwrap();
    upgrade(&host, &product_agents(&vipre_45()), RIGHT).unwrap();
}

fn kill_at(folder: &Path, point: usize, power_cut: bool) {
    let faults = format!(r#"{{"kill_at": {point}, "power_cut": {power_cut}, "log_points": true}}"#);
    std::fs::write(folder.join(folder::FAULTS_FILE), faults).unwrap();
}

#[test]
fn a_killed_upgrade_is_finished_by_the_next_process() {
    let calm = SimHost::in_memory(vipre_45());
    upgrade(&calm, &product_agents(&vipre_45()), RIGHT).unwrap();
    let points = calm.points();
    for (power_cut, step) in [(false, 5), (true, 7)] {
        for point in (0..points.len()).step_by(step) {
            let folder = tempfile::tempdir().unwrap();
            SimHost::create(folder.path(), vipre_45()).unwrap();
            kill_at(folder.path(), point, power_cut);
            assert_eq!(child(folder.path()).signal(), Some(9), "point {point}");
            let passed = std::fs::read_to_string(folder.path().join(folder::POINTS_FILE)).unwrap();
            assert_eq!(passed.lines().collect::<Vec<_>>(), points[..=point]);
            std::fs::remove_file(folder.path().join(folder::FAULTS_FILE)).unwrap();
            assert!(child(folder.path()).success(), "point {point} {}", points[point]);
            let world = SimHost::open(folder.path()).unwrap().world();
            assert_upgraded(&vipre_45(), &world);
            assert_eq!(world.boots, if power_cut { 2 } else { 1 });
        }
    }
}
