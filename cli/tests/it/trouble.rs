//! What is read by whoever comes to a server on which something went wrong: nothing that nobody knows.

use crate::harness::{INSTALL, Place, Ran, Running, SECRET, SILENT};
use mailsec_simulator::worlds::{installers, vipre};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

const NO_RULES: [&str; 2] = ["--no-rules", "there are none"];

/// An attended upgrade at the gate for its installer, with mail held.
fn holding() -> Place {
    let place = Place::vipre();
    let run = ["--no-input", "run", "--yes"].into_iter().chain(INSTALL).chain(NO_RULES);
    place.run(SECRET.into_iter().chain(run)).exits(10);
    place
}

/// In the middle of the installer.
fn under_way(place: &Place) -> Running {
    let run = ["--no-input", "--speed", "2", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT);
    let running = Running::start(place, SECRET.into_iter().chain(run));
    running.reaches("run-installer");
    running
}

#[test]
fn a_damaged_journal_says_nothing_of_mail_as_if_it_knew() {
    let place = holding();
    let witness = fs::read(place.witness()).unwrap();
    fs::write(place.witness(), &witness[..witness.len() / 2]).unwrap();
    let status = place.run(["status"]).exits(40);
    for said in ["State    not known, the journal is DAMAGED", "Mail     not known, the journal is DAMAGED"] {
        assert!(status.stdout.contains(said), "{said}\n{status}");
    }
    let banner = place.run(["status", "--banner"]).exits(0).stdout;
    assert!(
        banner.contains("is DAMAGED")
            && banner.replace("\n  ", " ").contains("nobody can say how mail stands")
    );
    let report = place.run(["report"]).exits(40);
    assert!(report.stdout.contains("The journal is DAMAGED: how mail fared is told as far"), "{report}");
    // The gate is in the part that is lost; the second copy has it.
    place.run(["answer", "run-installer#1", "roll-back"]).exits(0);
    assert!(place.run(["status"]).exits(0).stdout.contains("Decided  roll back"));
}

#[test]
fn a_way_back_that_comes_too_late_says_so() {
    let place = holding();
    let folder = place.folder.display().to_string();
    let deed = ["world", "act", &folder, "install", installers::RIGHT, "--account", vipre::ACCOUNT];
    Ran::from(place.program().args(SECRET).args(deed).output().unwrap()).exits(0);
    let ran = place.run(SECRET.into_iter().chain(["--no-input", "rollback"])).exits(0);
    assert!(ran.stderr.contains("Not taken back: the step from which nothing leads back"), "{ran}");
    let report = place.run(["report"]).exits(0).stdout;
    assert!(report.contains("not taken back: the step from which"), "{report}");
}

#[test]
fn a_plan_is_not_begun_where_an_abandoned_upgrade_left_mail_down() {
    let place = Place::vipre();
    let plan = place.file("plan.json").display().to_string();
    place.run(["plan", "--out", &plan].into_iter().chain(INSTALL).chain(NO_RULES)).exits(0);
    let run = || ["--no-input", "run", "--yes", "--plan", &plan].into_iter().chain(SECRET);
    place.run(run()).exits(10);
    place.run(["abandon", "--note", "no time"]).exits(22);
    let ran = place.changes_nothing(run()).exits(30);
    for said in ["MSExchangeTransport does not run", "was abandoned. Mail is held NOW"] {
        assert!(ran.told().contains(said), "{said}\n{ran}");
    }
}

#[test]
fn it_is_said_that_no_process_drives_it_to_whoever_looks_follows_or_logs_on() {
    let place = Place::vipre();
    let running = under_way(&place);
    running.stops();
    // Nobody is told to do what a process is at.
    let status = place.run(["status"]).exits(0).stdout;
    assert!(status.contains("Driven   by process") && !status.contains("mailsec resume"), "{status}");
    let banner = || place.run(["status", "--banner"]).exits(0).stdout;
    assert!(!banner().contains("Driven"), "{}", banner());

    let mut watching = place.command(["status", "--watch"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut watched = BufReader::new(watching.stderr.take().unwrap()).lines().map(Result::unwrap);
    watched.by_ref().find(|line| line.starts_with("Driven   by process")).unwrap();
    running.kill();
    watched.find(|line| line.starts_with("Driven   by no process: `mailsec resume`")).unwrap();
    watching.kill().unwrap();
    watching.wait().unwrap();
    assert!(banner().contains("Driven  by no process: `mailsec resume`"), "{}", banner());
    assert!(place.run(["status"]).stdout.contains("mailsec resume"));
}

#[test]
fn whoever_interrupts_a_run_hears_how_mail_stands_and_what_goes_on() {
    let place = Place::vipre();
    let running = under_way(&place);
    running.is_interrupted();
    let ran = running.ends().exits(130);
    let told = ran.stderr.replace('\n', " ");
    for said in [
        "Interrupted, as by a kill: nothing is lost.",
        "Mail is held NOW",
        "`mailsec resume`, or the service, goes on",
    ] {
        assert!(told.contains(said), "{said}\n{ran}");
    }
    place.run(SECRET.into_iter().chain(["--no-input", "resume"])).exits(0);
}

#[test]
fn a_reason_that_says_nothing_is_none() {
    let place = Place::vipre();
    for option in ["--no-rules", "--skip-backup", "--accept-unsigned"] {
        for reason in ["", "  "] {
            let ran = place.changes_nothing(["plan", option, reason].into_iter().chain(INSTALL)).exits(2);
            assert!(ran.stderr.contains("a reason says why"), "{ran}");
        }
    }
}
