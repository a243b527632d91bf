//! The list of many upgrades.

use super::{at_a_gate, save_rules, served::Served};
use crate::harness::SECRET;
use mailsec_core::values::Digest;
use std::{fs, time::Instant};

/// A line of a witness with the hash that its changed envelope has.
fn sealed(line: &str) -> String {
    let (opening, rest) = line.split_once("\"envelope\":").unwrap();
    let envelope = rest.strip_suffix('}').unwrap();
    let old = opening.split('"').find(|word| word.len() == 64).unwrap();
    let hash = Digest::of(envelope.as_bytes()).to_string();
    format!("{}\"envelope\":{envelope}}}", opening.replace(old, &hash))
}

/// Of each upgrade the list reads the two ends. What lies between is no journal here: whoever read it whole would call
/// it damaged, and a page that read them all would take a thousand times as long.
#[test]
fn a_thousand_upgrades_are_listed_by_their_ends() {
    let place = at_a_gate();
    save_rules(&place);
    place.run(["answer", "export-rules#1", "done"]).exits(0);
    place.run(SECRET.into_iter().chain(["--no-input", "resume"])).exits(0);
    let upgrade = place.witnessed().unwrap().envelopes[0].upgrade.to_string();
    let text = fs::read_to_string(place.witness()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let folder = place.witness().parent().unwrap().to_owned();
    for number in 0..999 {
        let id = format!("00000000-0000-7000-8000-{number:012}");
        let end = |line: &str| sealed(&line.replace(&upgrade, &id));
        let text = format!("{}\n{}\n{}\n", end(lines[0]), "x".repeat(40_000), end(lines[lines.len() - 1]));
        fs::write(folder.join(format!("{id}.jsonl")), text).unwrap();
    }
    let served = Served::start(&place);
    let cookie = served.enter();
    let began = Instant::now();
    let first = served.get("/", &cookie);
    println!("a list of 1000: {:?}, {} bytes", began.elapsed(), first.body.len());
    assert!(first.body.contains("1000 in this journal"), "{}", first.body);
    assert!(
        first.body.find(&upgrade).unwrap() < first.body.find("8000-000000000998").unwrap(),
        "newest first"
    );
    let mut seen = 0;
    for page in 1..=10 {
        let page = served.get(&format!("/?page={page}"), &cookie);
        assert_eq!(page.status, 200);
        assert_eq!(page.body.matches("cannot be read").count(), 0);
        assert_eq!(
            page.body.matches("Server Edition 5.1.0.0").count(),
            page.body.matches("succeeded").count()
        );
        seen += page.body.matches("succeeded").count();
    }
    assert_eq!(seen, 1000);
    for beyond in ["11", "0", "-1", "99999999999999999999999", "x"] {
        assert_eq!(served.get(&format!("/?page={beyond}"), &cookie).status, 200, "{beyond}");
    }
    // Read whole, such an upgrade is what it is.
    let damaged = served.get("/upgrade/00000000-0000-7000-8000-000000000007", &cookie);
    assert!(damaged.body.contains("The journal is damaged"), "{}", damaged.body);
}
