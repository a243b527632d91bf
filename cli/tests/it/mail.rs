//! `probe`, the proof in a plan, and the canary: with simulated mail, and with the real mail server of the test bed.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, says};
use mailsec_core::host::Pickup;
use mailsec_mail_tests::{Bed, Manner};
use std::fs;

#[test]
fn a_probe_shows_whether_mail_flows_and_is_scanned() {
    let place = Place::vipre();
    let flows = place.changes_nothing(["probe"]).exits(0);
    assert!(flows.stdout.starts_with("Mail: delivered\n"), "{flows}");
    let scanned = place.changes_nothing(["probe", "--eicar", "--json"]).exits(0);
    let value: serde_json::Value = serde_json::from_str(&scanned.stdout).unwrap();
    assert_eq!((&value["verdict"], &value["error"]), (&"scanned".into(), &serde_json::Value::Null));
    assert_eq!(value["why"], "the test file was replaced");
    assert!(value["evidence"].as_array().unwrap().len() >= 4);
}

#[test]
fn a_plan_proves_scanning_where_that_is_asked_for() {
    let place = Place::vipre();
    let usual = place.run(["plan"].into_iter().chain(INSTALL).chain(SILENT)).exits(0);
    assert!(!usual.stdout.contains("Prove that mail is scanned"), "{usual}");
    let ran = place
        .run(["run", "--yes", "--prove-scanning"].into_iter().chain(INSTALL).chain(SILENT).chain(SECRET))
        .exits(0);
    assert!(ran.stderr.contains("mail is scanned: the test file was replaced"), "{ran}");
}

/// Real mail for a simulated server, as `config.json` names it.
fn configured(bed: &Bed, canary: bool) -> Place {
    let place = Place::vipre();
    fs::create_dir_all(place.folder.join("state")).unwrap();
    let mut config = serde_json::json!({ "smtp": bed.smtp().to_string(), "pickup": bed.pickup_json(false) });
    if canary {
        config["canary"] =
            serde_json::json!({ "every_ms": 50, "look_ms": 100, "test_file_every": 1, "settle_seconds": 20 });
    }
    fs::write(place.folder.join("state/config.json"), config.to_string()).unwrap();
    place
}

const MAILBOX: [&str; 2] = ["--secret", "mailbox-password=env:MAILBOX_PASSWORD"];

fn run(place: &Place, arguments: &[&str]) -> Ran {
    let arguments = arguments.iter().copied().chain(MAILBOX);
    place.command(arguments).env("MAILBOX_PASSWORD", Bed::password()).output().map(Ran::from).unwrap()
}

#[test]
fn on_a_real_mail_server_the_verdict_is_what_is_true() {
    let bed = Bed::start();
    let place = configured(&bed, false);
    assert!(run(&place, &["probe"]).exits(0).stdout.starts_with("Mail: delivered\n"));
    for (manner, exit, text) in [
        (Manner::Replace, 0, "Mail: scanned\n  because the test file was replaced\n"),
        (
            Manner::Reject,
            0,
            "Mail: scanned\n  because the test file was rejected, and clean mail was taken\n",
        ),
        (
            Manner::Off,
            1,
            "Mail: not scanned [mail-unscanned]\n  because the test file was delivered unchanged\n",
        ),
    ] {
        bed.scanner.set(manner);
        let ran = run(&place, &["probe", "--eicar"]).exits(exit);
        assert!(ran.stdout.starts_with(text), "{ran}");
        assert!(!ran.stdout.contains(Bed::password()) && !ran.stderr.contains(Bed::password()));
    }
    bed.stop();
    let down = run(&place, &["probe", "--eicar"]).exits(1);
    let text = "Mail: undetermined [scan-undetermined]\n  because a clean message is not taken now\n";
    assert!(down.stdout.starts_with(text), "{down}");
    // Without the password nothing is known, and that is no success.
    bed.go_on();
    let ran = place.run(["probe", "--eicar"]).exits(1);
    assert!(ran.stdout.contains("[scan-undetermined]") && ran.stdout.contains("mailbox-password"), "{ran}");
}

#[test]
fn the_most_talkative_log_holds_no_password_and_nothing_that_libraries_say_to_a_server() {
    let bed = Bed::start();
    let place = configured(&bed, false);
    // Without what a log would escape.
    let planted = Bed::password().split('\\').next().unwrap();
    for wanted in ["trace", "async_imap=trace", "async_imap::imap_stream=trace,mailsec=trace"] {
        let mut command = place.command(["-vv", "probe"].into_iter().chain(MAILBOX));
        command.env("MAILBOX_PASSWORD", Bed::password()).env("MAILSEC_LOG", wanted);
        let ran = command.output().map(Ran::from).unwrap().exits(0);
        assert!(ran.stdout.starts_with("Mail: delivered\n"), "it was not logged on: {ran}");
        for said in [planted, "LOGIN", "TRACE", "DEBUG"] {
            assert!(!ran.stderr.contains(said) && !ran.stdout.contains(said), "{wanted}: {said}");
        }
    }
}

#[test]
fn a_canary_is_in_the_report_and_its_messages_are_gone_from_the_mailbox() {
    let bed = Bed::start();
    bed.reset();
    let place = configured(&bed, true);
    let words = ["run", "--yes", "--speed", "60"].into_iter().chain(INSTALL).chain(SILENT).chain(SECRET);
    let ran = run(&place, &words.collect::<Vec<_>>()).exits(0);
    // Planned without being asked for: a mailbox is configured.
    assert!(ran.stderr.contains("mail is scanned: "), "{ran}");
    let report = place.run(["report"]).exits(0).stdout;
    assert!(
        report.contains("what senders saw\n") && report.contains("what became of the test file\n"),
        "{report}"
    );
    assert!(!report.contains("ALARM"), "{report}");
    let value: serde_json::Value =
        serde_json::from_str(&place.run(["report", "--json"]).exits(0).stdout).unwrap();
    let canary = &value["report"]["canary"];
    assert_eq!((&canary["watched"], &canary["fates"]["silent"]), (&true.into(), &serde_json::Value::Null));
    assert!(canary["fates"]["delivered"].as_u64().unwrap() > 10, "{canary}");
    // The whole record is beside the journal, and what a replay makes of that is the same.
    place.run(["journal", "verify"]).exits(0);
    let files: Vec<_> = fs::read_dir(place.folder.join("state/canary")).unwrap().collect();
    assert_eq!(files.len(), 1);
    let (_, pickup) = bed.path(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(pickup.arrived("canary-")).unwrap().len(), 0);
}

#[test]
fn a_mailbox_without_a_server_to_send_to_is_refused() {
    let place = Place::vipre();
    fs::create_dir_all(place.folder.join("state")).unwrap();
    fs::write(place.folder.join("state/config.json"), r#"{ "canary": {} }"#).unwrap();
    says!(place, place.run(["detect"]), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: a simulated server has no mail that others could see
      expected: smtp in the configuration, beside pickup and canary
      hint:     leave all three out to have its mail simulated as well
    ");
}
