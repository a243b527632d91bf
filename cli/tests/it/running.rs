//! While a process runs an upgrade, others look, ask and are refused.

use crate::harness::{INSTALL, Place, Ran, Running, SECRET, SILENT, says};
use mailsec_simulator::worlds::vipre;

/// A silent upgrade, slowed so that others can come in between.
fn slow(place: &Place) -> Running {
    let arguments = ["--no-input", "--speed", "20", "run", "--yes"];
    Running::start(place, SECRET.into_iter().chain(arguments).chain(INSTALL).chain(SILENT))
}

fn resume(place: &Place) -> Ran {
    place.run(SECRET.into_iter().chain(["--no-input", "resume"]))
}

#[test]
fn a_second_run_hears_at_once_that_another_is_under_way() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    let arguments = ["--no-input", "run", "--yes"];
    says!(place, place.run(SECRET.into_iter().chain(arguments).chain(INSTALL).chain(SILENT)), @r"
    exit: 31
    ----- stdout -----
    ----- stderr -----
    error[journal-locked]: another process holds the journal
      found:    process [PID], version mailsec 0.1.0, since [TIME]
      hint:     wait for it, or watch it: `mailsec status` works meanwhile
    ");
    says!(place, resume(&place), @r"
    exit: 31
    ----- stdout -----
    ----- stderr -----
    error[journal-locked]: another process holds the journal
      found:    process [PID], version mailsec 0.1.0, since [TIME]
      hint:     wait for it, or watch it: `mailsec status` works meanwhile
    ");
    running.kill();
    assert_eq!(resume(&place).code, Some(0));
}

#[test]
fn status_report_and_journal_can_be_read_meanwhile() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    let status = place.run(["status"]).exits(0);
    assert!(status.stdout.contains("State    under way"), "{status}");
    assert!(place.run(["report"]).exits(0).stdout.contains("Outcome  under way"));
    let verified = place.run(["journal", "verify"]).exits(0);
    assert!(verified.stdout.contains("an upgrade is running: only the witness was checked"), "{verified}");
    let holder = &place.run(["--json", "status"]).exits(0).json()["holder"];
    assert_eq!(holder["pid"], running.id(), "{holder}");
    running.kill();
}

#[test]
fn a_pause_is_handed_over_and_kept_until_resumed() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    let handed = place.run(["pause", "--note", "the telephone rings"]).exits(0);
    assert!(handed.stdout.starts_with("Handed to the running process: pause, which "), "{handed}");
    let paused = running.ends().exits(12);
    says!(place, paused.stdout, @r"
    Paused; `mailsec resume` goes on.
    Mail: held [SPAN], down 0 s, unscanned 0 s; within the budget.
    Mail is held NOW, and stays so until this goes on.

    upgrade [ID]
    journal [WORLD]/state/journal
    ");
    assert!(place.run(["status"]).exits(0).stdout.contains("State    paused"));
    resume(&place).exits(0);
}

#[test]
fn a_cancel_is_handed_over_and_rolls_back() {
    let place = Place::vipre();
    let before = place.picture();
    let running = slow(&place);
    running.reaches("hold-mail");
    let handed = place.run(["cancel", "--note", "the wrong server"]).exits(0);
    assert!(handed.stdout.starts_with("Handed to the running process: cancel, which "), "{handed}");
    let cancelled = running.ends().exits(20);
    says!(place, cancelled.stdout, @r"
    Rolled back: the server is as it was, but for what the report names.
    Mail: held [SPAN], down 0 s, unscanned 0 s; within the budget.

    upgrade [ID]
    journal [WORLD]/state/journal
    ");
    assert_eq!(place.picture(), before, "the server is as it was");
    assert!(place.run(["report"]).exits(0).stdout.contains("the wrong server"));
}

#[test]
fn an_answer_wakes_a_process_that_waits_at_the_keyboard() {
    let place = Place::vipre();
    let arguments = ["run", "--yes"];
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(arguments).chain(INSTALL));
    running.reaches_gate("export-rules#1");
    says!(place, place.run(["answer", "export-rules#1", "roll-back", "--note", "from another desk"]), @r"
    exit: 0
    ----- stdout -----
    Handed to the running process, which took it.
    ----- stderr -----
    ");
    running.ends().exits(20);
}

/// Two people who do not see each other.
#[test]
fn of_two_answers_to_a_gate_one_counts_and_the_other_is_told_so() {
    let place = Place::vipre();
    let run = ["run", "--yes"];
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(run).chain(INSTALL));
    running.reaches_gate("export-rules#1");
    running.stops();
    let answers = |choice: &'static str, lying: usize| {
        let answer = Running::start(&place, ["answer", "export-rules#1", choice]);
        answer.waits_until(|| place.inbox().len() == lying, "its answer lies there");
        answer
    };
    let (first, second) = (answers("roll-back", 1), answers("done", 2));
    let status = place.run(["status"]).exits(0);
    assert!(
        status.stdout.contains("Said     roll-back at export-rules#1, by ada; it is not taken in yet"),
        "{status}"
    );
    running.goes_on();
    assert_eq!(first.ends().exits(0).stdout, "Handed to the running process, which took it.\n");
    let refused = second.ends().exits(30);
    assert!(
        refused.stderr.contains("error[gate-not-open]: the gate export-rules#1 is not open"),
        "{refused}"
    );
    running.ends().exits(20);
    assert_eq!(place.inbox(), Vec::<String>::new());
}

#[test]
fn what_is_told_as_failed_is_not_carried_out_later() {
    let place = Place::vipre();
    let run = ["run", "--yes"];
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(run).chain(INSTALL));
    running.reaches_gate("export-rules#1");
    running.stops();
    let answer = Running::start(&place, ["answer", "export-rules#1", "roll-back"]);
    answer.waits_until(|| place.inbox().len() == 1, "its answer lies there");
    // The journal cannot be opened any more, by whomever.
    let (lock, aside) = (place.journal().join("store.lock"), place.file("aside"));
    std::fs::rename(&lock, &aside).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let failed = answer.ends().exits(40);
    assert!(failed.stderr.contains("error[journal-unwritable]"), "{failed}");
    assert_eq!(place.inbox(), Vec::<String>::new());
    running.kill();
}

/// The process that held the journal ends before it looks for messages.
#[test]
fn what_was_handed_to_a_process_that_died_is_recorded_by_whoever_said_it() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    running.stops();
    let cancel = Running::start(&place, SECRET.into_iter().chain(["cancel", "--note", "the wrong server"]));
    cancel.waits_until(|| place.inbox().len() == 1, "its request lies there");
    running.kill();
    cancel.ends().exits(20);
    assert_eq!(place.inbox(), Vec::<String>::new());
}

#[test]
fn a_gate_is_answered_at_the_keyboard() {
    let place = Place::vipre();
    let arguments = ["run", "--yes"];
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(arguments).chain(INSTALL));
    running.reaches_gate("export-rules#1");
    running.types("perhaps\n");
    running.types("roll-back I was told to\n");
    running.ends().exits(20);
    assert!(place.run(["report"]).exits(0).stdout.contains("I was told to"));
}

#[test]
fn an_empty_line_at_the_keyboard_leaves_the_gate_open() {
    let place = Place::vipre();
    let arguments = ["run", "--yes"];
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(arguments).chain(INSTALL));
    running.reaches_gate("export-rules#1");
    running.types("\n");
    running.ends().exits(10);
}

#[test]
fn a_password_is_typed_after_yes_and_seen_nowhere() {
    let place = Place::vipre();
    let running = Running::at_its_own_terminal(&place, ["run"].into_iter().chain(SILENT).chain(INSTALL));
    running.types("yes\n");
    let before = running.shows("service-account-password: ");
    running.types(&format!("{}\n", vipre::PASSWORD));
    let ran = running.ends().exits(0);
    assert!(!before.contains(vipre::PASSWORD));
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(vipre::PASSWORD));
    assert!(!String::from_utf8_lossy(&std::fs::read(place.witness()).unwrap()).contains(vipre::PASSWORD));
}

#[test]
fn an_upgrade_of_another_server_is_read_here_and_not_driven() {
    let place = Place::vipre();
    place.run(["run", "--yes", "--no-input"].into_iter().chain(SECRET).chain(INSTALL)).exits(10);
    let bundle = place.file("bundle.json").display().to_string();
    place.run(["journal", "export", "--out", &bundle]).exits(0);
    let other = Place::vipre();
    let folder = other.folder.clone();
    let world = std::fs::read_to_string(folder.join("world.json")).unwrap().replace("MAIL01", "MAIL02");
    std::fs::write(folder.join("world.json"), world).unwrap();
    other.run(["journal", "import", &bundle]).exits(0);
    let before = other.picture();
    let ran = other.run(["resume", "--no-input"].into_iter().chain(SECRET)).exits(30);
    assert!(ran.stderr.contains("plan-stale") && ran.stderr.contains("MAIL02"), "{}", ran.stderr);
    assert_eq!(other.picture(), before);
    assert!(other.run(["status"]).exits(0).stdout.contains("MAIL01"));
}

#[test]
fn no_word_of_a_person_is_too_long_for_the_run_that_takes_it_in() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    let long = "x".repeat(70_000);
    let ran = place.run(["pause", "--note", &long]).exits(2);
    assert!(ran.told().contains("too long for the journal"), "{ran}");
    // As another program may leave it: the run says why it takes no notice, and goes on.
    let inbox = place.file("state/inbox").join(place.witnessed().unwrap().envelopes[0].upgrade.to_string());
    std::fs::create_dir_all(&inbox).unwrap();
    let message =
        serde_json::json!({ "id": "long", "said": { "request": "pause" }, "by": "eve", "note": long });
    std::fs::write(inbox.join("long.new"), message.to_string()).unwrap();
    std::fs::rename(inbox.join("long.new"), inbox.join("long.json")).unwrap();
    let ran = running.ends().exits(0);
    assert!(ran.told().contains("too long for the journal"), "{ran}");
    assert!(!inbox.join("long.json").exists());
}

#[test]
fn an_inbox_that_is_none_ends_no_run() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    let upgrade = place.witnessed().unwrap().envelopes[0].upgrade.to_string();
    running.kill();
    std::fs::write(place.file("state/inbox"), "in the way").unwrap();
    let ran = resume(&place).exits(0);
    assert_eq!(ran.told().matches("cannot be read: Not a directory").count(), 1, "said once:\n{ran}");
    assert!(ran.told().contains(&format!("state/inbox/{upgrade}")), "{ran}");
}

/// Who broke it must not find mail held and nobody to hear them; and what it said of the server is not guessed.
#[test]
fn a_configuration_that_somebody_broke_lets_nothing_be_driven_and_everything_be_said() {
    let place = Place::vipre();
    let running = slow(&place);
    running.reaches("hold-mail");
    std::fs::write(place.file("state/config.json"), r#"{"otlpp": "x"}"#).unwrap();
    let paused = place.run(["pause"]).exits(0);
    assert!(paused.stdout.contains("Handed to the running process"), "{paused}");
    running.ends().exits(12);
    place.changes_nothing(["detect"]).exits(2);
    place.changes_nothing(["account", "check", vipre::ACCOUNT]).exits(2);
    says!(place, place.changes_nothing(SECRET.into_iter().chain(["--no-input", "resume"])), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: the configuration is not as it must be
      expected: JSON with smtp, smtp_recipient, directory, pickup, canary, otlp; see
                docs/configuration.md
      found:    the field "otlpp": [WORLD]/state/config.json,
                line [LINE], column [COLUMN]
      because:  Mail is held NOW, and stays so until this goes on.
      hint:     mend it, then resume; nothing was done, and what was answered or
                asked for is journaled; did you mean otlp? passwords do not belong
                there; `secret` names one that --secret gives
    "#);
    // A request is kept for the next who goes on; nothing is done by it now.
    let before = place.picture();
    let asked = place.run(SECRET.into_iter().chain(["--no-input", "rollback"])).exits(2);
    assert!(asked.told().contains("what was answered or asked for is journaled"), "{asked}");
    assert_eq!(place.picture(), before);
    std::fs::write(place.file("state/config.json"), "{}").unwrap();
    resume(&place).exits(20);

    let place = Place::vipre();
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
    std::fs::write(place.file("state/config.json"), r#"{"smtp": "127.0.0.1:2525", "pickup": 5}"#).unwrap();
    place.run(["status"]).exits(0);
    place.run(["answer", "export-rules#1", "roll-back"]).exits(0);
    let refused = resume(&place).exits(2);
    assert!(!refused.told().contains("Mail is"), "it flows, scanned: {refused}");
    std::fs::remove_file(place.file("state/config.json")).unwrap();
    resume(&place).exits(20);
}
