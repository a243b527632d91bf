//! An exported upgrade: replayed on another machine it takes the same course; damaged, it says where.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, fast_folder};
use mailsec_core::{
    journal::{Bundle, Envelope, Line, Stamp},
    upgrade::Event,
    values::Digest,
};
use mailsec_simulator::{folder, worlds::vipre};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// An upgrade that was killed in the installer, with a power cut, and went on; exported.
fn exported() -> (Place, Value) {
    let place = Place::vipre();
    place.set_faults(r#"{"kill_at": 68, "power_cut": true}"#);
    let begin = ["--no-input", "run", "--yes"];
    let killed = place.run(SECRET.into_iter().chain(begin).chain(INSTALL).chain(SILENT));
    assert_eq!(killed.signal, Some(9), "{killed}");
    place.set_faults("{}");
    place.run(SECRET.into_iter().chain(["--no-input", "resume"])).exits(0);
    let file = place.file("bundle.json");
    let ran = place.run(["journal", "export", "--out", &file.display().to_string()]).exits(0);
    assert!(ran.stdout.contains("with the captured facts, install-vipre-"), "{ran}");
    let bundle = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    (place, bundle)
}

/// Replays bytes in an empty folder, on a machine that knows nothing of the server.
fn replayed(place: &Place, bytes: &[u8], more: &[&str]) -> Ran {
    let elsewhere = fast_folder();
    fs::write(elsewhere.path().join("case.json"), bytes).unwrap();
    let mut command = place.program();
    command.current_dir(elsewhere.path()).env("HOME", elsewhere.path());
    let ran = Ran::from(command.args(more).args(["simulate", "replay", "case.json"]).output().unwrap());
    let left: Vec<_> =
        fs::read_dir(elsewhere.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["case.json"], "a replay leaves nothing");
    ran
}

fn pretty(bundle: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(bundle).unwrap()
}

#[test]
fn after_a_kill_and_a_resume_the_course_is_the_same_elsewhere() {
    let (place, bundle) = exported();
    let bytes = fs::read(place.file("bundle.json")).unwrap();
    let lines = place.witnessed().unwrap().lines;
    let head = lines.last().unwrap().hash();

    let ran = replayed(&place, &bytes, &[]).exits(0);
    let count = lines.len();
    let end =
        format!("The same course of events: {count} of {count} envelopes, by 2 processes,\nhead {head}\n");
    assert!(ran.stdout.ends_with(&end), "{ran}");
    assert!(ran.stdout.contains("-- process 2: mailsec"), "{ran}");
    assert!(ran.stdout.contains("THE SERVER RESTARTED BY ITSELF"), "{ran}");

    let json = replayed(&place, &bytes, &["--json"]).exits(0).json();
    assert_eq!(json["head"], json!(head));
    assert_eq!((&json["same"], &json["envelopes"]), (&json!(count), &json!(count)));
    assert_eq!((&json["facts"], &json["departed"]), (&json!(true), &Value::Null));
    assert_eq!(json["course"].as_array().unwrap().len(), count);

    // Versions of all that took part; laid out anew by another tool, it is still the same.
    let versions = bundle["versions"].as_object().unwrap();
    for of in ["mailsec", "planned by mailsec", "Exchange"] {
        assert!(versions.contains_key(of), "{versions:?}");
    }
    assert!(versions.values().any(|version| version == vipre::OLD_VERSION), "{versions:?}");
    replayed(&place, bundle.to_string().as_bytes(), &[]).exits(0);
}

#[test]
fn an_export_without_the_facts_says_so_and_replays() {
    let (place, _) = exported();
    fs::remove_dir_all(place.file("state/facts")).unwrap();
    let file = place.file("bundle.json");
    let ran = place.run(["journal", "export", "--out", &file.display().to_string()]).exits(0);
    assert!(ran.stdout.contains("with no captured facts"), "{ran}");
    replayed(&place, &fs::read(file).unwrap(), &[]).exits(0);
}

type Change = fn(&mut Value);

#[test]
fn damage_is_named_with_its_place() {
    let (place, bundle) = exported();
    let changes: [(Change, &str); 11] = [
        (
            |bundle| {
                let line = bundle["lines"][6].as_str().unwrap().replace("\"attempt\":1", "\"attempt\":2");
                bundle["lines"][6] = line.into();
            },
            "envelope 6 (line ",
        ),
        (|bundle| _ = bundle["lines"].as_array_mut().unwrap().remove(3), "envelope 4 stands there"),
        (|bundle| bundle["lines"].as_array_mut().unwrap().swap(6, 7), "envelope 6 (line "),
        (|bundle| _ = bundle["lines"].as_array_mut().unwrap().pop(), "the end is missing"),
        (|bundle| bundle["head"] = "00".repeat(32).into(), "it was exported with head 0000"),
        (
            |bundle| bundle["attached"]["report.txt"] = "all is well".into(),
            "the attachment report.txt (line ",
        ),
        (
            |bundle| _ = bundle["attached"].as_object_mut().unwrap().remove("server.json"),
            "server.json: it is missing",
        ),
        (|bundle| bundle["engines"] = json!(["9.9.9"]), "the envelopes were written by 0.1.0"),
        (|bundle| bundle["versions"]["mailsec"] = "9.9.9".into(), "the versions of all else (line "),
        (|bundle| bundle["attached"]["new.txt"] = "x".into(), "the attachment new.txt (line "),
        (
            |bundle| bundle["facts"]["captured"]["facts"]["server"] = "MAIL99".into(),
            "the captured facts (line ",
        ),
    ];
    for (change, expected) in changes {
        let mut damaged = bundle.clone();
        change(&mut damaged);
        assert_ne!(damaged, bundle, "{expected}: nothing was changed");
        let ran = replayed(&place, &pretty(&damaged), &[]).exits(40);
        assert!(
            ran.stderr.contains("error[journal-damaged]") && ran.told().contains(expected),
            "{expected}: {ran}"
        );
    }
    // Facts of another plan, whole in themselves.
    let mut other = bundle.clone();
    let facts = mailsec_core::product::Captured::new(
        "vipre",
        mailsec_core::product::Facts::default(),
        mailsec_core::values::Timestamp::from_millis(0),
        "0.1.0",
    );
    other["facts"] = serde_json::from_slice(&facts.sealed()).unwrap();
    let ran = replayed(&place, &pretty(&other), &[]).exits(40);
    assert!(ran.told().contains("the plan was made from facts with digest"), "{ran}");
}

#[test]
fn json_that_breaks_is_named_by_line_and_byte_and_what_stands_there() {
    let (place, _) = exported();
    let bytes = fs::read(place.file("bundle.json")).unwrap();
    let at =
        |needle: &str| bytes.windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let seventh = text.lines().scan(0, |start, line| {
        let begins = *start;
        *start += line.len() + 1;
        Some((begins, line))
    });
    let seventh = seventh.filter(|(_, line)| line.starts_with(r#"    "{\"hash\""#)).nth(7).unwrap().0;
    for (cut, expected) in [
        (seventh + 200, "at envelope 7"),
        (at("\"facts\":") + 60, "in the captured facts"),
        (at("\"attached\":") + 60, "in what is attached"),
    ] {
        let ran = replayed(&place, &bytes[..cut], &[]).exits(40);
        let line = bytes[..cut].iter().filter(|byte| **byte == b'\n').count() + 1;
        let place = format!("line {line}, ");
        assert!(ran.stderr.contains(expected) && ran.stderr.contains(&place), "{expected}, {place}: {ran}");
        assert!(ran.stderr.contains(&format!(" of {cut}, ")), "{ran}");
    }
    // Before any of it, and in its very first name.
    let mut first = bytes.clone();
    first[at("\"bundle\"") + 1] = b'#';
    replayed(&place, &first, &[]).exits(40);
    let spaced = text.replacen("\"bundle\":", "\"bundle\" :", 1);
    replayed(&place, spaced.as_bytes(), &[]).exits(0);
    let mut flipped = bytes;
    flipped[seventh + 4] = b'#';
    let ran = replayed(&place, &flipped, &[]).exits(40);
    assert!(ran.stderr.contains(&format!("byte {}", seventh + 4)), "{ran}");
}

#[test]
fn damage_beside_the_journal_does_not_keep_the_journal_out() {
    let (place, mut bundle) = exported();
    bundle["attached"]["report.txt"] = "all is well".into();
    let file = place.file("damaged.json");
    fs::write(&file, pretty(&bundle)).unwrap();
    let ran = place.run(["journal", "import", &file.display().to_string()]).exits(0);
    assert!(ran.stdout.contains("not as it was exported: the attachment report.txt (line "), "{ran}");
}

#[test]
fn bundles_of_other_versions() {
    let (place, bundle) = exported();
    let mut old = bundle.clone();
    for later in ["facts", "versions", "digests"] {
        old.as_object_mut().unwrap().remove(later);
    }
    old["bundle"] = 1.into();
    replayed(&place, &pretty(&old), &[]).exits(0);
    let mut new = bundle;
    new["bundle"] = 3.into();
    let ran = replayed(&place, &pretty(&new), &[]).exits(40);
    assert!(ran.stderr.contains("error[journal-newer]") && ran.stderr.contains("bundle format 3"), "{ran}");
}

/// The chain of a bundle with one event changed, sealed anew: nothing shows but that the engine would not do so.
fn sealed_anew(bundle: &Value, change: impl Fn(&mut Event)) -> Vec<u8> {
    let (read, lines) = Bundle::read(&pretty(bundle)).unwrap();
    let (mut prev, mut anew) = (Digest::ZERO, Vec::new());
    for (seq, line) in (0..).zip(&lines) {
        let envelope: Envelope = line.envelope().unwrap();
        let mut event = envelope.event.known().expect("a known event").clone();
        change(&mut event);
        let stamp = Stamp { at: envelope.at, boot: envelope.boot, engine: envelope.engine };
        let line: Line = Envelope::seal(read.upgrade, seq, prev, &stamp, &[event]).unwrap().remove(0).1;
        prev = line.hash();
        anew.push(line);
    }
    Bundle::of(read.upgrade, &anew).unwrap().with_attached(read.attached).to_json().unwrap()
}

#[test]
fn a_record_that_was_changed_and_sealed_again_departs() {
    let (place, bundle) = exported();
    let honest = sealed_anew(&bundle, |_| {});
    replayed(&place, &honest, &[]).exits(0);
    let changed = sealed_anew(&bundle, |event| {
        if let Event::Resumed { found, .. } = event {
            "between two steps".clone_into(found);
        }
    });
    let ran = replayed(&place, &changed, &[]).exits(61);
    assert!(ran.stdout.contains("ANOTHER COURSE at envelope "), "{ran}");
    assert!(
        ran.stdout.contains("error[replay-departs]") && ran.stdout.contains("while run-installer"),
        "{ran}"
    );
    let json = replayed(&place, &changed, &["--json"]).exits(61).json();
    let seq = json["departed"]["seq"].as_u64().unwrap();
    assert_eq!(json["departed"]["recorded"]["event"]["kind"], "resumed");
    assert_eq!(json["same"], json!(seq));
    assert_eq!(json["course"].as_array().unwrap().len() as u64, seq + 1, "up to the departure");
}

#[test]
fn no_secret_leaves_with_a_bundle_wherever_it_was_left_lying() {
    let place = Place::vipre();
    let begin = ["--no-input", "run", "--yes"];
    place.run(SECRET.into_iter().chain(begin).chain(INSTALL).chain(SILENT)).exits(0);
    let text = format!("Property(S): SIMPASSWORD = {}\r\npassword: \"{0}\" again\r\n", vipre::PASSWORD);
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut world = place.world();
    let logs: Vec<_> = world
        .disk
        .files
        .values()
        .map(|file| file.path.clone())
        .filter(|path| path.file_name().ends_with(".log"))
        .collect();
    assert!(!logs.is_empty());
    for log in logs {
        world.disk.put(&log, wide.as_slice(), world.now);
    }
    fs::write(place.file(folder::WORLD_FILE), serde_json::to_vec(&world).unwrap()).unwrap();
    fs::write(place.file("state/service.log"), &text).unwrap();
    fs::write(place.file("state/logs/mailsec.log"), &text).unwrap();
    fs::write(place.file("state/notes.txt"), &text).unwrap();
    let file = place.file("bundle.json");
    place.run(["journal", "export", "--out", &file.display().to_string()]).exits(0);
    let bytes = fs::read_to_string(&file).unwrap();
    assert!(bytes.contains("SIMPASSWORD = *****") && bytes.contains("service.log"), "{bytes}");
    assert!(bytes.contains("mailsec.log"), "{bytes}");
    assert!(!bytes.contains(vipre::PASSWORD));
    let shown = replayed(&place, bytes.as_bytes(), &[]).exits(0);
    assert!(!shown.to_string().contains(vipre::PASSWORD));
    assert!(Path::new(&file).metadata().unwrap().len() > 1000);
}
