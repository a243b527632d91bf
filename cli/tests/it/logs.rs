//! The log: each event of the journal is one record, in both files, with its upgrade and its step, whatever happened.

use crate::harness::{INSTALL, NEW, Place, Ran, SECRET, SILENT, Tenant};
use mailsec_core::upgrade::Event;
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};

fn lines(place: &Place, name: &str) -> Vec<String> {
    let text = fs::read_to_string(place.file("state/logs").join(name)).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn records(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn is_story(record: &Value) -> bool {
    record["target"] == "mailsec::story"
}

fn begin(place: &Place) -> Ran {
    place.run(["--no-input", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT))
}

fn resume(place: &Place) -> Ran {
    place.run(SECRET.into_iter().chain(["--no-input", "resume"]))
}

#[test]
fn the_log_alone_tells_the_story_of_an_upgrade_with_a_gate_and_a_kill() {
    let place = Place::vipre();
    // A secret is missing.
    let gate = begin(&place).exits(21);
    let gate = gate.stdout.lines().find_map(|line| line.trim().strip_prefix("mailsec answer ")).unwrap();
    let gate = gate.split(' ').next().unwrap().to_owned();
    place.run(["answer", &gate, "retry", "--note", "one\ntwo"]).exits(0);
    place.set_faults(r#"{"kill_at": 40, "power_cut": true}"#);
    let killed = resume(&place);
    assert_eq!(killed.signal, Some(9), "{killed}");
    place.set_faults("{}");
    resume(&place).exits(0);

    let (human, json) = (lines(&place, "mailsec.log"), lines(&place, "mailsec.jsonl"));
    let records = records(&json);
    let witnessed = place.witnessed().unwrap();
    let upgrade = witnessed.envelopes[0].upgrade.to_string();

    // Each event once, in its order, as the journal has it.
    let told: Vec<_> = records.iter().filter(|record| is_story(record)).collect();
    assert_eq!(told.len(), witnessed.envelopes.len());
    for (seq, (record, envelope)) in told.iter().zip(&witnessed.envelopes).enumerate() {
        let event = serde_json::to_value(envelope.event.known().unwrap()).unwrap();
        assert_eq!((record["seq"].as_u64(), &record["event"]), (Some(seq as u64), &event["kind"]));
        assert_eq!(record["at"], envelope.at.to_string());
        if let Some(step) = event.get("step") {
            assert_eq!(&record["step"], step, "{record}");
        }
    }

    // Each record of the upgrade names it, and the step that is under way. What is said of the journal when it is opened
    // is of no upgrade.
    let mut flight: Option<Value> = None;
    let of_journal = |record: &&Value| record["message"].as_str().unwrap().starts_with("journal");
    for record in records.iter().filter(|record| !of_journal(record)) {
        assert_eq!(record["upgrade"], upgrade, "{record}");
        let kind = record["event"].as_str().unwrap_or_default();
        if kind.ends_with("_intended") {
            flight = Some(record["step"].clone());
        }
        if let Some(step) = &flight {
            assert_eq!(&record["step"], step, "{record}");
            assert!(record["phase"].is_string() && record["attempt"].is_u64(), "{record}");
        }
        if kind.ends_with("_applied") || kind.ends_with("_observed") || kind.ends_with("_failed") {
            flight = None;
        }
    }
    let level = |kind: &str| {
        let record = records.iter().rfind(|record| record["event"] == kind);
        record.unwrap_or_else(|| panic!("no {kind}"))["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(["started", "step_applied", "finished"].map(level), ["info"; 3]);
    assert_eq!(["step_failed", "gate_opened"].map(level), ["error"; 2]);
    assert_eq!(level("resumed"), "warn", "a step was in flight");
    let held = |record: &&Value| record["mail"] == "held" && record["step"] == "hold-mail";
    assert!(records.iter().any(|record| held(&record)));

    // The same story for people, a line each.
    assert_eq!(human.len(), json.len());
    for (line, record) in human.iter().zip(&records) {
        let message = record["message"].as_str().unwrap().replace('\n', "\\n");
        let level = record["level"].as_str().unwrap().to_uppercase();
        assert!(line.contains(&message) && line.contains(&level), "{line}\n{record}");
        assert!(!is_story(record) || line.ends_with(&format!("upgrade={upgrade}")), "{line}");
    }
    assert!(human.iter().any(|line| line.contains(r"answers retry: one\ntwo")), "a note forges no line");

    let mode = |path: &str| fs::metadata(place.file(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("state/logs"), 0o700);
    for name in ["mailsec.log", "mailsec.jsonl", "told"] {
        assert_eq!(mode(&format!("state/logs/{name}")), 0o600, "{name}");
    }
}

#[test]
fn what_a_client_logs_within_a_step_carries_the_step() {
    let tenant = Tenant::new(&["mail01"]);
    tenant.plans(&["mail01"], &[]).exits(0);
    Ran::from(tenant.runs().output().unwrap()).exits(0);
    let text = fs::read_to_string(tenant.file("logs/mailsec.jsonl")).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let records = records(&lines);
    let created =
        records.iter().find(|record| record["message"] == "creating a task").expect("a task was created");
    let begun =
        records.iter().find(|record| record["event"] == "step_intended" && record["step"] == created["step"]);
    let begun = begun.expect("its step was begun");
    for field in ["upgrade", "phase", "attempt"] {
        assert!(!created[field].is_null() && created[field] == begun[field], "{field}: {created}");
    }
    assert!(text.contains(NEW));
}

#[test]
fn one_file_where_one_is_named_and_none_by_a_command_that_only_looks() {
    let place = Place::vipre();
    let file = place.file("own.jsonl");
    let path = file.display().to_string();
    let log = ["--log", path.as_str()];
    place.run(log.into_iter().chain(["check"]).chain(INSTALL));
    place.run(log.into_iter().chain(["status"]));
    let junk = place.file("junk.json");
    fs::write(&junk, "{}").unwrap();
    place.run(["run", "--yes", "--no-input", "--plan", &junk.display().to_string()]).exits(30);
    assert!(!place.file("state").exists(), "a plan that cannot be read needs no journal");
    place.run(["run", "--no-input"].into_iter().chain(INSTALL)).exits(30);
    place.run(["run", "--no-input", "--yes", "--installer", r"C:\Install\none.msi"]).exits(30);
    place.run(["resume"]).exits(30);
    assert!(!file.exists() && !place.file("state/logs").exists());
    place
        .run(log.into_iter().chain(SECRET).chain(["--no-input", "run", "--yes"]).chain(INSTALL).chain(SILENT))
        .exits(0);
    let own: Vec<String> = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(records(&own).last().unwrap()["event"], "finished");
    assert!(!place.file("state/logs/mailsec.log").exists());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_log_that_cannot_be_written_stops_no_upgrade() {
    let place = Place::vipre();
    fs::create_dir_all(place.file("state")).unwrap();
    fs::write(place.file("state/logs"), "in the way").unwrap();
    let ran = place
        .run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL).chain(SILENT))
        .exits(0);
    assert!(ran.stderr.contains("cannot be written"), "{ran}");
    let witnessed = place.witnessed().unwrap();
    let last = witnessed.envelopes.last().unwrap();
    assert!(matches!(last.event.known(), Some(Event::Finished { .. })), "{ran}");
}
