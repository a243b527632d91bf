//! `simulate`: what it is given, and what it prints of it.

use crate::harness::{Place, Ran};
use std::fs;

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_played() {
    let place = Place::vipre();
    for (arguments, expected) in [
        (&["swarm", "--seeds", "0"][..], "error[bad-argument]: no seed is to be played"),
        (&["swarm", "--seeds", "1", "--case", "silent, held", "--case", "typo"], "found:    \"typo\""),
        (&["explore", "--case", "typo"], "found:    \"typo\""),
        (&["swarm", "--seeds", "1", "--out", "/dev/null/x"], "the folder for scenarios cannot be made"),
        (&["replay", "/nowhere"], "the file cannot be read"),
    ] {
        let ran = place.changes_nothing([&["simulate"], arguments].concat());
        assert!(ran.stderr.contains(expected), "{arguments:?}: {ran}");
        assert!(ran.stdout.is_empty(), "{arguments:?}: {ran}");
    }
    let for_ever =
        ["simulate", "swarm", "--seeds", "1", "--for", "18446744073709551615", "--case", "silent, held"];
    // So long a time cannot be added to the clock; nobody waits for it either.
    place.run(for_ever).exits(0);
}

fn replayed(place: &Place, scenario: &str) -> Ran {
    let file = place.file("scenario.json");
    fs::write(&file, scenario).unwrap();
    place.run(["simulate", "replay", &file.display().to_string()])
}

fn scenario(at: &str, time: u64, means: &str) -> String {
    serde_json::json!({
        "scenario": 1, "mailsec": "0.1.0", "case": "silent, held", "faults": [],
        "turns": [{ "at": at, "time": time, "pick": 1, "means": means }],
    })
    .to_string()
}

#[test]
fn a_scenario_says_when_its_turns_are_not_taken() {
    let place = Place::vipre();
    let taken = replayed(&place, &scenario("stop service: before", 1, "a crash")).exits(0);
    assert!(taken.stdout.contains("every turn was taken"), "{taken}");
    for (at, time) in [("stop service: before", 99), ("no such thing", 1)] {
        let missed = replayed(&place, &scenario(at, time, "a crash")).exits(61);
        assert!(missed.stdout.contains(&format!("never came to {at}, time {time}")), "{missed}");
    }
}

#[test]
fn what_a_scenario_says_does_not_steer_the_terminal() {
    let place = Place::vipre();
    let ran = replayed(&place, &scenario("stop service: before", 1, "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m"));
    assert!(!ran.stdout.contains(|c: char| c.is_control() && c != '\n'), "{:?}", ran.stdout);
    assert!(ran.stdout.contains("\\u001b]0;title"), "{ran}");
}

#[test]
fn what_is_neither_a_scenario_nor_an_export_says_so() {
    let place = Place::vipre();
    let ran = replayed(&place, "").exits(1);
    assert!(ran.stderr.contains("neither a scenario nor an exported upgrade"), "{ran}");
}
