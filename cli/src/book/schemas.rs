//! The JSON schemas: that the book has those of the code, that all fits them that is written, and that they judge as the
//! readers do.

use super::{
    events::{KINDS, seen},
    golden,
    samples::{calm, plans, played, shape, steps, unmet},
    validator::Validator,
};
use crate::commands::schema_text;
use mailsec_core::{
    engine::{ReportFile, load},
    host::BootIdentity,
    journal::{Bundle, Damage, Envelope, Line, Stamp, WitnessState, Witnessed},
    plan::{ItemId, Plan},
    schema::Described,
    upgrade::Event,
    values::{AccountName, Digest, NodeName, Timestamp, UpgradeId, Version},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// As journals have them: with their hashes, in a chain.
fn sealed(events: &[Event]) -> Vec<Line> {
    let stamp = Stamp {
        at: Timestamp::from_millis(1_772_326_800_123),
        boot: BootIdentity("boot-1".into()),
        engine: "0.1.0".into(),
    };
    let upgrade = UpgradeId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    let chain = Envelope::seal(upgrade, 0, Digest::ZERO, &stamp, events).expect("small enough");
    chain.into_iter().map(|(_, line)| line).collect()
}

fn value(line: &Line) -> Value {
    serde_json::from_slice(&line.text()).expect("a line is JSON")
}

fn plan_file(plan: &Plan) -> Value {
    serde_json::from_slice(&plan.sealed()).expect("a plan's file is JSON")
}

#[test]
fn the_book_has_the_schemas_of_the_code() {
    for described in Described::ALL {
        golden(&format!("reference/{}.schema.json", described.word()), &schema_text(described));
    }
}

#[test]
fn what_simulated_upgrades_write_fits_the_schema() {
    let journal = Validator::of(Described::Journal);
    let export = Validator::of(Described::Export);
    let mut kinds = BTreeSet::new();
    let mut written = |events: &[Event]| {
        let lines = sealed(events);
        for value in lines.iter().map(value) {
            journal.must_fit(&value);
            kinds.insert(value["envelope"]["event"]["kind"].to_string());
        }
        let upgrade = lines[0].upgrade();
        let bundle = Bundle::of(upgrade, &lines).expect("UTF-8").with_version("mailsec", "0.1.0");
        let bundle = bundle.with_attached([("report.txt".to_owned(), "text".to_owned())].into());
        export.must_fit(&serde_json::from_slice(&bundle.to_json().expect("plain data")).expect("JSON"));
    };
    let seen: Vec<Event> = seen().into_values().map(|(event, _)| event).collect();
    written(&seen);
    played().iter().for_each(|events| written(events));
    assert_eq!(kinds.len(), KINDS, "{kinds:?}");
}

#[test]
fn every_plan_fits_the_schema() {
    let plan = Validator::of(Described::Plan);
    let plans = plans();
    plans.iter().for_each(|it| plan.must_fit(&plan_file(it)));
    let schema = Described::Plan.schema();
    let named = schema["$defs"]["Operation"]["oneOf"].as_array().expect("operations").iter();
    let named: BTreeSet<String> = named.map(|it| it["properties"]["do"]["const"].to_string()).collect();
    let met: BTreeSet<String> = steps(&plans).into_keys().collect();
    assert_eq!(met, named, "each operation is in some plan");
}

#[test]
fn the_plans_schema_takes_what_the_reader_takes() {
    let validator = Validator::of(Described::Plan);
    let reader = |file: &Value| {
        file.as_object().is_some() && reads::<Digest>(&file["hash"]) && reads::<Plan>(&file["plan"])
    };
    let mut sums = (0, 0);
    let plans = plans();
    for (_, step) in steps(&plans) {
        validator.judges_as(reader, &plan_file(&Plan { steps: vec![step], ..plans[0].clone() }), &mut sums);
    }
    assert!(sums.0 > 1_000 && sums.1 > 1_000, "taken and refused: {sums:?}");
}

#[test]
fn the_journals_schema_takes_what_the_reader_takes() {
    let validator = Validator::of(Described::Journal);
    let seen = seen();
    // An event that the reader keeps unread is one of another kind, or a broken one.
    let reader = |line: &Value| {
        let kind = line.pointer("/envelope/event/kind").and_then(Value::as_str);
        let envelope = serde_json::from_value::<Envelope>(line["envelope"].clone());
        reads::<Digest>(&line["hash"])
            && envelope.is_ok_and(|envelope| {
                envelope.event.known().is_some() || kind.is_some_and(|kind| !seen.contains_key(kind))
            })
    };
    let mut shapes: BTreeMap<_, Event> =
        played().into_iter().flatten().map(|event| (shape(&event), event)).collect();
    shapes.extend(seen.values().map(|(event, _)| (shape(event), event.clone())));
    shapes.extend(unmet().into_iter().map(|event| (shape(&event), event)));
    let schema = Described::Journal.schema();
    let mut missing = Vec::new();
    for snapshot in schema["$defs"]["Snapshot"]["oneOf"].as_array().expect("snapshots") {
        let word = format!("of {}", snapshot["properties"]["of"]["const"]);
        if !shapes.keys().any(|words| words.contains(&word)) {
            missing.push(word);
        }
    }
    assert!(missing.is_empty(), "no event has these snapshots: {missing:?}");
    let mut sums = (0, 0);
    for event in shapes.values_mut() {
        if let Event::Planned { plan, .. } = event {
            Arc::make_mut(plan).steps.truncate(1);
        }
        validator.judges_as(reader, &value(&sealed(std::slice::from_ref(event))[0]), &mut sums);
    }
    assert!(sums.0 > 500 && sums.1 > 5_000, "taken and refused: {sums:?}");
}

/// Keeps of each list of objects those that have something that was not met yet; whether there is anything.
fn only_new(value: &mut Value, place: &str, met: &mut BTreeSet<String>) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |new, (name, field)| {
            let here = only_new(field, &format!("{place}/{name}"), met);
            new || here
        }),
        Value::Array(list) if list.iter().any(Value::is_object) => {
            list.retain_mut(|one| only_new(one, place, met));
            !list.is_empty()
        }
        Value::Array(list) => met.insert(format!("{place}: {} in it", list.len().min(1))),
        Value::Null => met.insert(format!("{place}: nothing")),
        _ => met.insert(format!("{place}: something")),
    }
}

/// Reports of these events: of the whole journal, of one that is just written, and of a damaged one.
fn reports(events: &[Event]) -> Vec<Value> {
    let lines = sealed(events);
    let envelopes: Vec<Envelope> = lines.iter().map(|line| line.envelope().expect("sealed")).collect();
    let upgrade = lines[0].upgrade();
    let (good, behind) = (&lines[..1], lines.len() as u64);
    let states = [
        WitnessState::Whole,
        WitnessState::TornTail { bytes: 1 },
        WitnessState::Damaged(Damage::after(upgrade, good, behind, "an envelope is missing")),
        WitnessState::Damaged(Damage::after(upgrade, &[], behind, "no envelope is left")),
    ];
    let of = |state| {
        let witnessed = Witnessed { envelopes: envelopes.clone(), lines: lines.clone(), state };
        let file = ReportFile::of(upgrade, &witnessed, &load(&envelopes));
        serde_json::to_value(file).expect("plain data")
    };
    states.map(of).into()
}

#[test]
fn the_reports_schema_takes_what_reports_are() {
    let validator = Validator::of(Described::Report);
    let reader = |file: &Value| file["format"] == ReportFile::FORMAT && reads::<ReportFile>(file);
    let (mut met, mut sums) = (BTreeSet::new(), (0, 0));
    let more: Vec<Event> = seen()
        .into_values()
        .map(|(event, _)| event)
        .filter(|event| matches!(event, Event::CanaryWatched { .. } | Event::Rehearsed(_)))
        .collect();
    assert_eq!(more.len(), 2, "what no simulated upgrade has");
    let whole = played().into_iter().chain(calm()).enumerate().map(|(at, events)| match at {
        0 => [events.as_slice(), &more].concat(),
        _ => events,
    });
    for mut report in whole.flat_map(|events| reports(&events)) {
        validator.must_fit(&report);
        if only_new(&mut report, "", &mut met) {
            validator.judges_as(reader, &report, &mut sums);
        }
    }
    for place in [
        "/report/gates/items/answer/why: something",
        "/report/steps/failure/hint: something",
        "/report/canary/over",
    ] {
        assert!(met.iter().any(|met| met.starts_with(place)), "no report has {place}: {met:#?}");
    }
    assert!(sums.0 > 300 && sums.1 > 3_000, "taken and refused: {sums:?}");
}

/// What fits is read, and what is read is written so that it fits.
fn agree<T: DeserializeOwned + Serialize>(name: &str, texts: &BTreeSet<String>) {
    let validator = Validator::at(Described::Journal, &format!("#/$defs/{name}"));
    let mut met = BTreeSet::new();
    for text in texts {
        let fits = validator.fits(&json!(text));
        let read = serde_json::from_value::<T>(json!(text));
        assert!(!fits || read.is_ok(), "{name}: {text:?} fits and is not read");
        if let Ok(read) = read {
            validator.must_fit(&serde_json::to_value(read).expect("text"));
        }
        met.insert(fits);
    }
    assert_eq!(met.len(), 2, "{name}: some fit and some do not");
}

#[test]
fn the_patterns_of_texts_are_those_of_their_parsers() {
    // Few characters, each of which some parser treats in its own way.
    let strategy = prop::collection::vec(r#"[a-c019.\\ _/:"@\x00\x1f\x7f\x9f\xa0é-]{0,8}"#, 2_000);
    let tree = strategy.new_tree(&mut TestRunner::deterministic()).expect("texts");
    let mut texts: BTreeSet<String> = tree.current().into_iter().collect();
    texts.extend([r"LAB\svc-vipre", "5.1.200", "1.2.3.4.5.6", "1.2.3.4.5.6.7", "node-1"].map(str::to_owned));
    texts.extend(["n".repeat(63), "n".repeat(64), "n".repeat(65), "ab".repeat(32), "AB".repeat(32)]);
    texts.extend(
        ["2026-03-01T01:00:00.123Z", "2026-03-01T01:00:00Z", "2026-02-30T01:00:00.123Z"].map(str::to_owned),
    );
    let id = UpgradeId::from_u128(7).to_string();
    texts.extend([id.to_uppercase(), id.replace('-', ""), id]);
    agree::<AccountName>("AccountName", &texts);
    agree::<Digest>("Digest", &texts);
    agree::<ItemId>("ItemId", &texts);
    agree::<NodeName>("NodeName", &texts);
    agree::<Timestamp>("Timestamp", &texts);
    agree::<UpgradeId>("UpgradeId", &texts);
    agree::<Version>("Version", &texts);
}

/// Where the schema says how a value is written, and the reader takes other ways too.
#[test]
fn what_is_written_otherwise_is_refused_and_what_is_new_is_not() {
    let validator = Validator::of(Described::Journal);
    let (rehearsed, _) = &seen()["rehearsed"];
    let good = value(&sealed(std::slice::from_ref(rehearsed))[0]);
    let with = |place: &str, what: Value| {
        let mut copy = good.clone();
        *copy.pointer_mut(place).expect("a place") = what;
        copy
    };
    validator.must_fit(&good);
    for (place, what) in [
        ("/hash", json!("AB".repeat(32))),
        ("/hash", json!("ab".repeat(31))),
        ("/envelope/format", json!(2)),
        ("/envelope/upgrade", json!("01900000000070008000000000000001")),
        ("/envelope/at", json!("2026-03-01T02:00:00+01:00")),
        ("/envelope/prev", json!("")),
        ("/envelope/event/plan", json!("g".repeat(64))),
        ("/envelope/event/verdict", json!("perhaps")),
    ] {
        assert!(!validator.fits(&with(place, what.clone())), "{place}: {what}");
    }
    validator.must_fit(&with("/envelope/event", json!({ "kind": "teleported", "to": ["the moon"] })));
}
