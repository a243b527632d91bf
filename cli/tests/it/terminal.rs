//! What a person sees: colour, width, what moves, following from elsewhere, and slips of the finger.

use crate::harness::{INSTALL, Place, Running, SECRET, SILENT, Screen, on_screen};
use mailsec_core::{engine::load, upgrade::Standing};
use mailsec_simulator::worlds::vipre;
use regex::Regex;
use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const PLAN: [&str; 3] = ["plan", "--no-rules", "there are none"];

fn plain(text: &str) -> String {
    Regex::new("\x1b\\[[0-9;]*m").unwrap().replace_all(text, "").replace('\r', "")
}

/// As a terminal that has colours; what the harness turns off is on.
fn coloured(mut command: Command) -> Command {
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    command
}

#[test]
fn colour_is_for_terminals_that_want_it_and_changes_no_word() {
    let place = Place::vipre();
    let plan = || place.command(PLAN.into_iter().chain(INSTALL));
    let piped = coloured(plan()).output().unwrap();
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert!(!piped.contains('\x1b'), "a pipe gets colour");
    let (shown, code) = on_screen(coloured(plan()), 80);
    assert_eq!(code, Some(0));
    assert!(shown.contains("\x1b[1msurvey\x1b[0m"), "{shown}");
    // Plans have the time of their making in their hash.
    let words =
        |text: &str| text.lines().filter(|line| !line.starts_with("plan ")).collect::<Vec<_>>().join("\n");
    assert_eq!(words(&plain(&shown)), words(&piped), "colour changes words");
    let mut uncoloured = coloured(plan());
    uncoloured.env("NO_COLOR", "1");
    assert!(!on_screen(uncoloured, 80).0.contains('\x1b'), "NO_COLOR is not honoured");
    let mut dumb = coloured(plan());
    dumb.env("TERM", "dumb");
    assert!(!on_screen(dumb, 80).0.contains('\x1b'), "a terminal without colours gets some");
}

#[test]
fn a_text_is_as_wide_as_the_terminal_within_reason() {
    let place = Place::vipre();
    let widest = |columns: u16| {
        let (shown, _) = on_screen(coloured(place.command(PLAN.into_iter().chain(INSTALL))), columns);
        plain(&shown).lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert!((75..=80).contains(&widest(80)), "{}", widest(80));
    assert!((90..=100).contains(&widest(160)), "{}", widest(160));
    let (help, _) = on_screen(coloured(place.command(["run", "--help"])), 80);
    assert!(plain(&help).lines().all(|line| line.chars().count() <= 80), "{help}");
}

#[test]
fn what_moves_says_where_it_is_how_long_it_takes_and_how_mail_stands() {
    let place = Place::vipre();
    let arguments = ["--no-input", "--speed", "40", "run", "--yes"];
    let run = place.command(SECRET.into_iter().chain(arguments).chain(INSTALL).chain(SILENT));
    let (shown, code) = on_screen(coloured(run), 80);
    assert_eq!(code, Some(0), "{shown}");
    let live = Regex::new(r"[|/\\-] replace 11/21 Run the installer, \d+ s, usually 3 min 00 s").unwrap();
    assert!(live.is_match(&shown), "{shown}");
    assert!(shown.contains("mail HELD") && shown.contains(" of at most "), "{shown}");
    // What happened stands there as in a pipe.
    assert!(plain(&shown).contains("  done    11/21 Run the installer ("), "{shown}");
    let mut quiet = place.command(["status"]);
    quiet.env("TERM", "dumb");
    assert_eq!(quiet.output().unwrap().status.code(), Some(0));
}

#[test]
fn a_terminal_whose_output_is_stopped_holds_no_upgrade_up_and_loses_no_line() {
    let place = Place::vipre();
    let arguments =
        || SECRET.into_iter().chain(["--speed", "40", "run", "--yes"]).chain(INSTALL).chain(SILENT);
    // Ctrl-S, as whoever wants to read something types it.
    let mut stopped = Screen::start(coloured(place.command(arguments())), 80, "\x13");
    let began = Instant::now();
    let finished = || {
        let witnessed = place.witnessed();
        witnessed.is_some_and(|seen| matches!(load(&seen.envelopes).state.standing, Standing::Finished(_)))
    };
    while !finished() {
        assert!(began.elapsed() < Duration::from_secs(120), "the run waits for its terminal");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The journal is free while it waits for somebody to read the end.
    place.run(["journal", "verify"]).exits(0);
    assert!(stopped.is_running());
    stopped.types("\x11");
    let (shown, code) = stopped.ends();
    assert_eq!(code, Some(0), "{shown}");
    let shown = plain(&shown);
    let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown}"));
    assert!(at("done     1/21") < at("done    11/21 Run the installer ("));
    assert!(at("done    11/21 Run the installer (") < at("done    21/21"));
    assert!(at("done    21/21") < at("5.1.0.0 is running; version, agents and"), "{shown}");
}

#[test]
fn whoever_watches_from_elsewhere_sees_what_the_run_shows() {
    let place = Place::vipre();
    let begun = place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
    assert!(begun.stderr.contains("done     4/22"));
    // Both have begun to watch when their first line is there.
    let (mut watching, mut told) =
        (place.command(["status", "--watch"]), place.command(["--json", "status", "--watch"]));
    let mut watching = watching.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = told.stdout(Stdio::piped()).spawn().unwrap();
    let mut watched = lines(watching.stderr.take().unwrap());
    let mut json = lines(told.stdout.take().unwrap());
    assert!(watched.next().unwrap().starts_with("Upgrade  "));
    let first: serde_json::Value = serde_json::from_str(&json.next().unwrap()).unwrap();
    assert_eq!(first["standing"], "waiting at a gate");
    let ended = place.run(["cancel", "--note", "not tonight"]).exits(20);
    let told_of = |line: &String| line.starts_with("  kept ") || line.starts_with("The way back");
    let ran: Vec<String> = ended.stderr.lines().map(str::to_owned).filter(told_of).collect();
    assert_eq!(ran.len(), 6, "{ended}");
    assert_eq!(watched.filter(told_of).collect::<Vec<_>>(), ran);
    let answer = lines(watching.stdout.take().unwrap()).next().unwrap();
    assert!(answer.starts_with("Rolled back"), "{answer}");
    // The last line is the command's answer.
    let rest: Vec<String> = json.collect();
    assert!(rest.join("\n").contains("\"standing\": \"rolled back\""), "{rest:?}");
    assert_eq!(watching.wait().unwrap().code(), Some(20));
    assert_eq!(told.wait().unwrap().code(), Some(20));
}

fn lines(from: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(from).lines().map(Result::unwrap)
}

#[test]
fn whoever_logs_on_hears_of_what_waits_and_of_nothing_else() {
    let place = Place::vipre();
    let banner = || place.run(["status", "--banner"]).exits(0);
    assert_eq!(banner().stdout, "");
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
    assert_eq!(
        banner().stdout,
        "mailsec: the upgrade of MAIL01 to VIPRE Email Security - Server Edition 5.1.0.0\n  \
         is waiting at a gate.\n  QUESTION  Export the custom rules\n  \
         `mailsec status` shows it, `mailsec status --watch` follows it.\n"
    );
    std::fs::write(place.witness(), "{").unwrap();
    let damaged = banner();
    assert!(damaged.stdout.starts_with("mailsec: "), "{damaged}");
}

#[test]
fn a_password_that_was_refused_is_asked_for_anew_and_not_tried_again() {
    let place = Place::vipre();
    let run = Running::at_its_own_terminal(&place, ["run"].into_iter().chain(SILENT).chain(INSTALL));
    run.types("yes\n");
    run.shows("service-account-password: ");
    run.types("not-the-password\n");
    // It does not ask at the gate: whoever says "retry" there would send the same password again.
    let ran = run.ends().exits(21);
    assert!(ran.stdout.contains("answer retry, then give it: `mailsec resume`"), "{ran}");
    let resume = Running::at_its_own_terminal(&place, ["resume"]);
    resume.shows("service-account-password: ");
    resume.types(&format!("{}\n", vipre::PASSWORD));
    resume.types("retry\n");
    let ran = resume.ends().exits(0);
    assert!(ran.stdout.contains("5.1.0.0 is running; version, agents and"), "{ran}");
}

#[test]
fn while_an_upgrade_waits_nobody_is_told_to_start_transport() {
    let place = Place::vipre();
    let export = ["--no-rules", "there are none"];
    let run = ["--no-input", "run", "--yes"].into_iter().chain(INSTALL).chain(export);
    place.run(SECRET.into_iter().chain(run)).exits(10);
    for words in [vec!["check"], vec!["plan"], vec!["--no-input", "run", "--yes"]] {
        let ran = place.changes_nothing(words.into_iter().chain(INSTALL).chain(export)).exits(30);
        assert!(ran.stderr.contains("error[upgrade-in-progress]"), "{ran}");
        assert!(ran.stderr.contains("Mail is held NOW"), "{ran}");
        assert!(!ran.stderr.contains("start it"), "{ran}");
    }
    place.run(["abandon", "--note", "by hand"]).exits(22);
    let ran = place.changes_nothing(["plan"].into_iter().chain(INSTALL).chain(export)).exits(30);
    assert!(ran.stderr.contains("was abandoned. Mail is"), "{ran}");
}

#[test]
fn nobody_is_told_to_start_transport_either_where_the_journal_cannot_say_what_is_under_way() {
    let place = Place::vipre();
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
    let witness = std::fs::read_to_string(place.witness()).unwrap();
    std::fs::write(place.witness(), witness.replacen("planned", "plummed", 1)).unwrap();
    for words in [["check"], ["plan"]] {
        let ran = place.changes_nothing(words.into_iter().chain(INSTALL)).exits(40);
        assert!(ran.stderr.contains("error[journal-damaged]"), "{ran}");
        assert!(ran.told().contains("`mailsec journal verify` puts back what the second copy has"), "{ran}");
    }
}

/// Killed while transport is being stopped: nobody wrote down how far that went.
#[test]
fn mail_that_may_be_held_is_said_to_be_wherever_somebody_looks() {
    let place = Place::vipre();
    let run = ["--no-input", "--speed", "2", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT);
    let running = Running::start(&place, SECRET.into_iter().chain(run));
    running.reaches("hold-mail");
    running.kill();
    let told = "Mail may be held NOW";
    for words in [vec!["status"], vec!["status", "--banner"], vec!["report"]] {
        let ran = place.run(words).exits(0);
        assert!(ran.stdout.contains(told) && !ran.stdout.contains("Mail     flowing"), "{ran}");
    }
    let ran = place.changes_nothing(["check"].into_iter().chain(INSTALL)).exits(30);
    assert!(ran.told().contains(told), "{ran}");
    assert!(place.run(["status"]).stdout.contains("Mail     HELD (assumed)"));
}

/// Whoever read *down* would start transport by hand.
#[test]
fn mail_that_is_held_stays_held_while_steps_are_taken_back() {
    let place = Place::with_faults("vipre-4.5", &["installer-fails"]);
    let run = ["--no-input", "--speed", "10", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT);
    let running = Running::start(&place, SECRET.into_iter().chain(run));
    let goes_back = || {
        let state = place.witnessed().map(|seen| load(&seen.envelopes).state);
        state.and_then(|state| state.flight).is_some_and(|flight| flight.undo)
    };
    running.waits_until(goes_back, "it goes back");
    running.stops();
    let status = place.run(["status"]).exits(0);
    assert!(status.stdout.contains("Mail     HELD "), "{status}");
    running.goes_on();
    running.ends().exits(20);
}

#[test]
fn what_was_decided_is_shown_until_somebody_carries_it_out() {
    let place = Place::vipre();
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
    let refused = place.changes_nothing(["answer", "export-rules#1", "abandon"]).exits(30);
    assert!(
        refused.told().contains("abandoning leaves the server as it is, and wants a reason"),
        "{refused}"
    );
    for (choice, decided) in
        [("roll-back", "Decided  roll back, because"), ("abandon", "Decided  abandon: the server is")]
    {
        let place = Place::vipre();
        place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
        place.run(["answer", "export-rules#1", choice, "--note", "by Ada"]).exits(0);
        let status = place.run(["status"]).exits(0);
        assert!(status.stdout.contains(decided) && !status.stdout.contains("Next     "), "{status}");
        assert!(status.stdout.contains("Have carried out what was decided"), "{status}");
    }
}

#[test]
fn a_slip_of_the_finger_is_answered_with_what_was_meant() {
    let place = Place::vipre();
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL)).exits(10);
    for (words, meant) in [
        (vec!["answer", "export-rules#1", "doen"], "did you mean done?"),
        (vec!["answer", "export-rule#1", "done"], "did you mean export-rules#1?"),
        (vec!["--product", "vipr", "detect"], "did you mean vipre?"),
        (vec!["statsu"], "'status'"),
        (vec!["run", "--instaler", "x"], "'--installer'"),
        (vec!["certify", "esset"], "did you mean eset?"),
    ] {
        let ran = place.run(words);
        assert_ne!(ran.code, Some(0), "{ran}");
        assert!(ran.told().contains(meant), "{meant}: {ran}");
    }
}
