//! The export to a collector: one trace for an upgrade, whatever becomes of the program; and a collector that does not
//! take it changes nothing.

use crate::harness::{Collector, INSTALL, Mood, Place, Ran, SECRET, SILENT, attribute};
use mailsec_core::upgrade::Event;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
};

fn with<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--otlp", url, "--secret", "otlp-headers=env:TEST_HEADERS", "--no-input"];
    arguments.extend(SECRET);
    arguments.extend(more);
    arguments
}

fn run(place: &Place, url: &str) -> Ran {
    let mut arguments = with(url, &["run", "--yes"]);
    arguments.extend(INSTALL);
    arguments.extend(SILENT);
    let mut command = place.command(arguments);
    Ran::from(command.env("TEST_HEADERS", "x-api-key=Planted-Key-1").output().unwrap())
}

fn kinds(place: &Place) -> Vec<String> {
    let known = |event: &Event| serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
    let witnessed = place.witnessed().unwrap();
    witnessed.envelopes.iter().map(|envelope| known(envelope.event.known().unwrap())).collect()
}

#[test]
fn the_trace_of_an_upgrade_is_one_and_whole_after_a_kill() {
    let (place, collector) = (Place::vipre(), Collector::start(Mood::Takes));
    place.set_faults(r#"{"kill_at": 68, "power_cut": true}"#);
    let killed = run(&place, &collector.url);
    assert_eq!(killed.signal, Some(9), "{killed}");
    place.set_faults("{}");
    let mut resume = place.command(with(&collector.url, &["resume"]));
    let resumed = Ran::from(resume.env("TEST_HEADERS", "x-api-key=Planted-Key-1").output().unwrap()).exits(0);
    assert!(!resumed.stderr.contains("not exported"), "{resumed}");

    let witnessed = place.witnessed().unwrap();
    let upgrade = witnessed.envelopes[0].upgrade;
    // A process that was killed may have sent what the next one sends again: with the same id, and the same in all.
    let mut spans = BTreeMap::new();
    for span in collector.spans() {
        let former = spans.insert(span.span_id.clone(), span.clone());
        assert!(former.is_none_or(|former| former == span), "{span:?}");
    }
    let (roots, steps): (Vec<_>, Vec<_>) = spans.values().partition(|span| span.parent_span_id.is_empty());
    let [root] = roots[..] else { panic!("one root, and not {roots:?}") };
    assert_eq!(
        (root.name.as_str(), attribute(&root.attributes, "mailsec.outcome").as_str()),
        ("upgrade", "succeeded")
    );
    assert_eq!(attribute(&root.attributes, "mailsec.version.after"), "5.1.0.0");
    assert_eq!(attribute(&root.attributes, "mailsec.mail"), "flowing, scanned");
    for span in spans.values() {
        assert_eq!(span.trace_id, upgrade.uuid().as_bytes());
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        assert_eq!(attribute(&span.attributes, "mailsec.upgrade"), upgrade.to_string());
    }

    // A span for each try that the journal has, below the root.
    let mut tries: Vec<(String, u32, &str)> = Vec::new();
    let mut flight = None;
    for event in witnessed.envelopes.iter().filter_map(|envelope| envelope.event.known()) {
        let outcome = match event {
            Event::StepIntended { step, attempt, .. } => {
                flight = Some((step.to_string(), *attempt));
                continue;
            }
            Event::StepApplied { .. } => "applied",
            Event::StepObserved { observation, .. } => match observation.word() {
                "applied" => "found applied",
                "partial" => "found partial",
                _ => "found not applied",
            },
            _ => continue,
        };
        tries.extend(flight.take().map(|(step, attempt)| (step, attempt, outcome)));
    }
    assert!(tries.iter().any(|(.., outcome)| outcome.starts_with("found")), "no step in doubt: {tries:?}");
    let mut seen = Vec::new();
    for span in &steps {
        assert_eq!(span.parent_span_id, root.span_id, "{span:?}");
        let of = |key: &str| attribute(&span.attributes, key);
        assert!(!of("mailsec.operation").is_empty() && !of("mailsec.phase").is_empty(), "{span:?}");
        assert_eq!(span.name, of("mailsec.step"));
        seen.push((of("mailsec.step"), of("mailsec.attempt").parse().unwrap(), of("mailsec.outcome")));
    }
    let mut tries: Vec<_> =
        tries.into_iter().map(|(step, attempt, outcome)| (step, attempt, outcome.to_owned())).collect();
    tries.sort();
    seen.sort();
    assert_eq!(seen, tries);

    // Each event is a record, of a span that is there.
    let logs = collector.logs();
    let told: BTreeSet<u64> =
        logs.iter().map(|log| attribute(&log.attributes, "mailsec.seq").parse().unwrap()).collect();
    assert_eq!(told, (0..witnessed.envelopes.len() as u64).collect());
    for log in &logs {
        assert!(spans.contains_key(&log.span_id) && log.trace_id == root.trace_id, "{log:?}");
    }
    for came in collector.came() {
        assert!(came.headers.iter().any(|header| header == "x-api-key: Planted-Key-1"), "{:?}", came.headers);
        assert!(came.headers.iter().any(|header| header == "content-type: application/x-protobuf"));
    }
}

#[test]
fn a_collector_that_does_not_take_it_changes_no_upgrade() {
    let calm = Place::vipre();
    let arguments = SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL).chain(SILENT);
    calm.run(arguments).exits(0);
    let expected = kinds(&calm);
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let moods =
        [Mood::Hangs, Mood::Answers(500), Mood::Answers(503), Mood::Answers(302)].map(Collector::start);
    let urls = moods.iter().map(|collector| collector.url.as_str());
    for (url, why) in
        urls.chain([nobody.as_str()]).zip(["did not answer", "500", "503", "302", "cannot be reached"])
    {
        let place = Place::vipre();
        let ran = run(&place, url).exits(0);
        assert_eq!(kinds(&place), expected, "{why}");
        assert_eq!(place.picture(), calm.picture(), "{why}");
        let said = format!("{} records were not exported: ", expected.len());
        assert!(ran.stderr.contains(&said) && ran.stderr.contains(why), "{why}: {ran}");
    }
}

#[test]
fn what_a_collector_could_not_take_comes_with_the_next_run_of_the_upgrade() {
    let place = Place::vipre();
    let away = Collector::start(Mood::Answers(503));
    place.set_faults(r#"{"kill_at": 68}"#);
    let killed = run(&place, &away.url);
    assert_eq!(killed.signal, Some(9), "{killed}");
    place.set_faults("{}");
    let collector = Collector::start(Mood::Takes);
    let mut resume = place.command(with(&collector.url, &["resume"]));
    Ran::from(resume.env("TEST_HEADERS", "x-api-key=Planted-Key-1").output().unwrap()).exits(0);
    assert_eq!(collector.logs().len(), kinds(&place).len());
}

#[test]
fn an_export_that_is_not_encrypted_leaves_no_machine() {
    let place = Place::vipre();
    let refused = run(&place, "http://otel.example.test:4318").exits(2);
    assert!(refused.stderr.contains("error[bad-argument]: the address of the export"), "{refused}");
    assert!(place.witnessed().is_none());
}

/// Only whoever begins one is refused. What is under way may hold mail, and is not kept down by an address.
#[test]
fn an_upgrade_that_is_under_way_goes_on_without_the_export_that_cannot_be() {
    for config in [r#"{"otlp": "http://otel.example.test:4318"}"#, r#"{"otlp": 5}"#] {
        let place = Place::vipre();
        let run = ["--no-input", "run", "--yes"].into_iter().chain(INSTALL);
        place.run(SECRET.into_iter().chain(run.clone())).exits(10);
        fs::write(place.file("state/config.json"), config).unwrap();
        place.run(["answer", "export-rules#1", "roll-back"]).exits(0);
        let headers = ["--secret", "otlp-headers=env:NOBODY_SET_THIS"];
        let ran = place.run(SECRET.into_iter().chain(headers).chain(["--no-input", "resume"])).exits(20);
        assert!(ran.told().contains("otlp-headers is not in the environment"), "{ran}");
        assert!(ran.told().contains("the address of the export cannot be used"), "{ran}");
        assert!(ran.told().contains("Nothing is exported."), "{ran}");
        let refused = place.run(SECRET.into_iter().chain(run)).exits(2);
        assert!(refused.told().contains("the address of the export cannot be used"), "{refused}");
    }
}
