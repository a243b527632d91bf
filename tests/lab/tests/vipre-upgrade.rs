//! The Windows build of mailsec takes the lab's server from 4.5 to 5.1: with a real MSI, real services, a real
//! registry and a real domain controller; killed, without power, and restarted on the way.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it too")]

mod common;

use common::{DONE, GATE, Machine, REFUSED, RESTART, ROLLED_BACK};
use mailsec_lab::Package;
use std::time::Duration;

#[test]
fn an_upgrade_survives_kill_power_cut_and_restart_and_loses_no_mail() {
    let machine = Machine::with_vipre_45();
    let before = machine.picture();
    let sender = machine.lab.start_sender(Duration::from_millis(200));
    machine.mailsec(&["service", "install"]).is(DONE);

    // Killed while agents are unregistered, one after the other.
    let mut run = machine.begin(Package::Vipre51Reboot);
    machine.await_flight("unregister-agents");
    run.kill_9().unwrap();

    // Killed again in the middle of the installer, and the power fails with it.
    let mut resumed = machine.spawn(&["resume", "--no-input"]);
    machine.await_flight("run-installer");
    std::thread::sleep(Duration::from_millis(300));
    resumed.kill_9().unwrap();
    machine.lab.power_cut().unwrap();

    // The service takes it up at the boot. It does not have the password, so it comes to a gate, or it finds the
    // installation whole; either way a person with the password goes on.
    machine.await_rest();
    let mut restart_asked_for = machine.awaits_restart();
    if let Some(gate) = machine.gate() {
        machine.mailsec(&["answer", &gate, "retry", "--note", "the password is given now"]).is(DONE);
        let resumed = machine.mailsec(&["resume", "--no-input"]);
        resumed.is_one_of(&[RESTART, DONE]);
        restart_asked_for = resumed.code() == RESTART;
    }

    // The restart that the installer asked for, and nobody at the keyboard: the service finishes.
    // (An installation that the power cut found whole has lost its exit code, and with it the wish for a restart.)
    if restart_asked_for {
        // It has taken the upgrade up meanwhile, waits for the restart itself, and does not hold Windows up.
        machine.await_taken_up_before_restart();
    }
    machine.lab.reboot().unwrap();
    machine.await_standing("succeeded");
    assert_eq!(machine.restart_is_proven(), restart_asked_for);

    let sent = sender.finish().unwrap();
    machine.verify_upgraded(&before, Package::Vipre51.version(), None);
    machine.verify_mail(&sent);
    machine.mailsec(&["journal", "verify"]).is(DONE);
    machine.no_secret_left();
}

#[test]
fn a_restart_that_an_installer_asked_for_is_not_lost_with_the_program_that_waited_for_it() {
    let machine = Machine::with_vipre_45();
    let before = machine.picture();
    let mut run = machine.begin(Package::Vipre51Reboot);
    machine.await_flight("run-installer");
    std::thread::sleep(Duration::from_millis(300));
    run.kill_9().unwrap();

    // The installer goes on alone and ends with 3010, which nobody sees.
    machine.mailsec(&["resume", "--no-input"]).is(RESTART);
    machine.lab.reboot().unwrap();
    machine.mailsec(&["resume", "--no-input"]).is(DONE);
    assert!(machine.restart_is_proven());
    machine.verify_upgraded(&before, Package::Vipre51.version(), None);
    machine.no_secret_left();
}

#[test]
fn a_refused_installer_leaves_the_server_as_it_was() {
    let machine = Machine::with_vipre_45();
    let before = machine.picture();
    machine.mailsec(&machine.check(Package::OtherProduct)).is(REFUSED);
    assert_eq!(machine.picture(), before);

    let sender = machine.lab.start_sender(Duration::from_millis(200));
    machine.run(Package::Vipre51Refused).is(ROLLED_BACK);
    assert_eq!(machine.picture(), before);
    let sent = sender.finish().unwrap();
    machine.verify_mail(&sent);
}

#[test]
fn an_attended_upgrade_waits_for_the_person_and_verifies() {
    let machine = Machine::with_vipre_45();
    let before = machine.picture();
    machine.run_attended(Package::Vipre51).is(GATE);
    // "Done" without having done it is not believed.
    let gate = machine.gate().unwrap();
    machine.mailsec(&["answer", &gate, "done"]).is(DONE);
    machine.mailsec(&["resume", "--no-input"]).is(GATE);

    machine.person_installs(Package::Vipre51);
    let gate = machine.gate().unwrap();
    machine.mailsec(&["answer", &gate, "done"]).is(DONE);
    machine.mailsec(&["resume", "--no-input"]).is(DONE);
    machine.verify_upgraded(&before, Package::Vipre51.version(), None);
}
