//! The Windows build of mailsec takes the lab's server from 4.5, 6.5 and 7.3 of ESET Mail Security to 11.1: with real
//! MSI packages, services and a registry; killed, without power, and restarted on the way.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it too")]

mod common;

use common::{DONE, Machine, REFUSED};
use mailsec_lab::Package;
use mailsec_lab_standins::eset::{taken_in, years_of_use};
use std::time::Duration;

/// What is left of years of use, as a picture shows it.
fn settings(from: u32) -> String {
    format!("{:#?}", Some(taken_in(years_of_use(from), from, 11)))
}

#[test]
fn the_manual_method_survives_kill_and_power_cut_and_brings_the_settings_back() {
    let machine = Machine::with_eset(Package::Eset65, true);
    let before = machine.picture();
    let sender = machine.lab.start_sender(Duration::from_millis(200));
    machine.mailsec(&["service", "install"]).is(DONE);

    // Without the password nothing could be uninstalled; it is said before anything changes.
    machine.mailsec(&Machine::eset_words(&["check"], "manual", &["--settings-password"])).is(DONE);
    machine.begin_eset("manual", &["--settings-password"]).wait(Duration::from_secs(180)).unwrap();
    let first = machine.attend(true).unwrap();
    assert!(first.starts_with("prepare-import"), "{first}");

    // Killed in the uninstallation, and the power fails with it.
    let mut run = machine.spawn(&["resume", "--no-input"]);
    machine.await_flight("uninstall");
    std::thread::sleep(Duration::from_millis(200));
    run.kill_9().unwrap();
    machine.lab.power_cut().unwrap();

    // The service takes it up at the boot, as far as it comes without the password.
    machine.await_rest();
    let gates = machine.see_through(true);
    assert!(gates.iter().any(|gate| gate.starts_with("enable-import")), "{gates:?}");
    assert!(gates.iter().any(|gate| gate.starts_with("review-settings")), "{gates:?}");

    let sent = sender.finish().unwrap();
    machine.verify_upgraded(&before, Package::Eset111.version(), Some(&settings(6)));
    machine.verify_mail(&sent);
    machine.mailsec(&["journal", "verify"]).is(DONE);
    machine.no_secret_left();
}

#[test]
fn from_4_5_a_person_exports_and_every_rule_is_ticked_by_name() {
    let machine = Machine::with_eset(Package::Eset45, false);
    let before = machine.picture();
    let mut run = machine.begin_eset("manual", &[]);
    machine.await_gate();
    run.wait(Duration::from_secs(180)).unwrap();
    let gates = machine.see_through(false);
    assert!(gates.iter().any(|gate| gate.starts_with("review-rules")), "{gates:?}");
    machine.verify_upgraded(&before, Package::Eset111.version(), Some(&settings(4)));
    let report = machine.mailsec(&["report"]);
    report.is(DONE);
    for rule in ["no executables", "invoices"] {
        assert!(report.stdout().contains(rule), "{rule} is not in the report:\n{}", report.stdout());
    }
}

#[test]
fn in_place_survives_a_kill_in_the_installer_and_keeps_the_settings() {
    let machine = Machine::with_eset(Package::Eset73, true);
    let before = machine.picture();
    let sender = machine.lab.start_sender(Duration::from_millis(200));
    let mut run = machine.begin_eset("in-place", &["--settings-password"]);
    machine.await_flight("run-installer");
    std::thread::sleep(Duration::from_millis(300));
    run.kill_9().unwrap();
    let gates = machine.see_through(true);
    assert!(gates.iter().any(|gate| gate.starts_with("review-settings")), "{gates:?}");
    let sent = sender.finish().unwrap();
    machine.verify_upgraded(&before, Package::Eset111.version(), Some(&settings(7)));
    machine.verify_mail(&sent);
}

#[test]
fn a_method_that_does_not_fit_is_refused_and_nothing_changes() {
    let machine = Machine::with_eset(Package::Eset65, false);
    let before = machine.picture();
    let told = machine.mailsec(&Machine::eset_words(&["run", "--yes", "--no-input"], "in-place", &[]));
    told.is(REFUSED);
    assert!(told.stderr().contains("[method-unfit]"), "{}", told.stderr());
    assert_eq!(machine.picture(), before);
}
