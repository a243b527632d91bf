//! Plans in files: damaged, changed by hand, made for another server or another version.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, says};
use std::fs;

/// A server and a plan for it.
fn planned() -> (Place, String) {
    let place = Place::vipre();
    let file = place.file("plan.json").display().to_string();
    place.changes_nothing(["plan", "--out", &file].into_iter().chain(INSTALL).chain(SILENT)).exits(0);
    (place, file)
}

fn run(place: &Place, file: &str) -> Ran {
    place.changes_nothing(["--no-input", "run", "--yes", "--plan", file])
}

/// Only what follows the plan that was shown.
fn error(ran: &Ran) -> String {
    let at = ran.stderr.find("error[").unwrap_or(0);
    format!("exit: {}\n{}", ran.code.unwrap(), &ran.stderr[at..])
}

#[test]
fn a_good_plan_runs() {
    let (place, file) = planned();
    let arguments = ["--no-input", "run", "--yes", "--plan", &file];
    place.run(SECRET.into_iter().chain(arguments)).exits(0);
}

#[test]
fn a_plan_that_is_not_there() {
    let place = Place::vipre();
    let file = place.file("plan.json").display().to_string();
    says!(place, error(&run(&place, &file)), @r"
    exit: 30
    error[plan-damaged]: the plan cannot be read
      found:    [WORLD]/plan.json
      because:  No such file or directory (os error 2)
      hint:     `mailsec plan --out FILE` makes one
    ");
}

#[test]
fn a_plan_that_is_cut_off() {
    let (place, file) = planned();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    says!(place, error(&run(&place, &file)), @r"
    exit: 30
    error[plan-damaged]: this is not a plan, or a damaged one
      expected: the JSON that `mailsec plan --out FILE` writes
      found:    line [LINE], column [COLUMN]
      because:  EOF while parsing an object at line [LINE] column [COLUMN]
      hint:     make the plan again
    ");
}

#[test]
fn a_plan_that_was_changed_by_hand() {
    let (place, file) = planned();
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replace("\"limit_secs\": 300", "\"limit_secs\": 1");
    assert!(text != changed, "nothing was changed");
    fs::write(&file, changed).unwrap();
    says!(place, error(&run(&place, &file)), @"
    exit: 30
    error[plan-damaged]: the plan was changed after it was made
      expected: hash
                [HASH]
      found:    hash
                [HASH]
      hint:     make the plan again, with the options that you want
    ");
}

#[test]
fn a_plan_that_was_only_reformatted_runs() {
    let (place, file) = planned();
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    fs::write(&file, serde_json::to_string(&value).unwrap()).unwrap();
    let arguments = ["--no-input", "run", "--yes", "--plan", &file];
    place.run(SECRET.into_iter().chain(arguments)).exits(0);
}

#[test]
fn a_plan_for_another_server() {
    let (place, file) = planned();
    let world = fs::read_to_string(place.file("world.json")).unwrap();
    fs::write(place.file("world.json"), world.replace("\"server\":\"MAIL01\"", "\"server\":\"MAIL02\""))
        .unwrap();
    says!(place, error(&run(&place, &file)), @r"
    exit: 30
    error[plan-stale]: the plan was made for another server
      expected: MAIL01
      found:    MAIL02
      hint:     make the plan again
    ");
}

#[test]
fn a_plan_for_another_version() {
    let (place, file) = planned();
    let world = fs::read_to_string(place.file("world.json")).unwrap();
    fs::write(place.file("world.json"), world.replace("4.5.1.0", "4.5.2.0")).unwrap();
    says!(place, error(&run(&place, &file)), @r"
    exit: 30
    error[plan-stale]: the plan was made for another version
      expected: 4.5.1.0
      found:    4.5.2.0
      hint:     make the plan again
    ");
}

#[test]
fn a_plan_whose_upgrade_is_done() {
    let (place, file) = planned();
    let arguments = ["--no-input", "run", "--yes", "--plan", &file];
    place.run(SECRET.into_iter().chain(arguments)).exits(0);
    says!(place, error(&run(&place, &file)), @r"
    exit: 30
    error[plan-stale]: the plan was made for another version
      expected: 4.5.1.0
      found:    5.1.0.0
      hint:     make the plan again
    ");
}

#[test]
fn a_plan_that_cannot_be_written() {
    let place = Place::vipre();
    let file = place.file("no/such/folder/plan.json").display().to_string();
    let ran = place.changes_nothing(["plan", "--out", &file].into_iter().chain(INSTALL));
    says!(place, error(&ran), @"
    exit: 1
    error[file-unwritable]: the plan cannot be written
      expected: a path in a folder that is there and may be written
      found:    [WORLD]/no/such/folder/plan.json
      because:  No such file or directory (os error 2)
      hint:     nothing was written; name another path, or make its folder
    ");
}

#[test]
fn a_plan_that_no_upgrade_can_begin_with_is_not_written() {
    let place = Place::vipre();
    let file = place.file("plan.json");
    let out = file.display().to_string();
    let (long, longer) = ("x".repeat(32_000), format!("A={}", "x".repeat(60_000)));
    let plan = |more: &[&str]| {
        let words = ["plan", "--out", &out].into_iter().chain(INSTALL).chain(more.iter().copied());
        place.changes_nothing(words)
    };
    let reasons = plan(&["--no-rules", &long, "--skip-backup", &long]);
    assert!(reasons.told().contains("the note and the reasons are too long for the journal"));
    let arguments = plan(&["--silent", "--argument", &longer, "--no-rules", "none"]);
    assert!(arguments.told().contains("the plan is too large for the journal"));
    assert_eq!((reasons.code, arguments.code, file.exists()), (Some(2), Some(30), false));
    // What is written can be begun with, be it the longest.
    assert_eq!(plan(&["--no-rules", &long]).code, Some(0));
    let run = ["--no-input", "run", "--yes", "--plan", &out];
    assert_eq!(place.run(SECRET.into_iter().chain(run)).code, Some(10));
}
