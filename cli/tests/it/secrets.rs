//! Passwords appear nowhere: not in the journal's files, reports, bundles, messages, output or the process's own
//! command line, whether the upgrade succeeds, fails or is killed.

use crate::harness::{Collector, INSTALL, Mood, Place, Ran, Running, SECRET, SILENT};
use mailsec_simulator::worlds::{installers, vipre};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Where a text is found in files below a folder, in clear or as JSON, base64 or UTF-16 would hold it.
fn found_in(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if holds(&fs::read(&path).unwrap(), text) {
                found.push(path);
            }
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    // What base64 makes of a text depends on what stands before it: three ways, without the ends that vary.
    let encoded = (0..3).map(|shift| {
        let padded = [vec![0; shift], text.as_bytes().to_vec()].concat();
        let whole = base64(&padded);
        whole[4..whole.len() - 4].to_owned()
    });
    has(text.as_bytes()) || has(&wide) || encoded.into_iter().any(|text| has(text.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let mut number = 0_u32;
        for at in 0..3 {
            number = number << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[(number >> shift) as usize & 63]))
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// Everything that the program leaves, and what it said.
#[track_caller]
fn nowhere(place: &Place, secrets: &[&str], said: &[Ran]) {
    let out = place.file("out");
    fs::create_dir_all(&out).unwrap();
    for (name, arguments) in [
        ("status.txt", vec!["status"]),
        ("report.txt", vec!["report"]),
        ("report.json", vec!["--json", "report"]),
        ("report.html", vec!["report", "--format", "html"]),
        ("report.md", vec!["report", "--format", "md"]),
        ("report.xml", vec!["report", "--format", "junit"]),
        ("journal.jsonl", vec!["journal", "show"]),
        ("verbose.txt", vec!["-vv", "journal", "verify"]),
    ] {
        fs::write(out.join(name), place.run(arguments).to_string()).unwrap();
    }
    place.run(["journal", "export", "--out", &out.join("bundle.json").display().to_string()]).exits(0);
    for (number, ran) in said.iter().enumerate() {
        fs::write(out.join(format!("said-{number}.txt")), ran.to_string()).unwrap();
    }
    for secret in secrets {
        assert_eq!(found_in(&out, secret), [] as [PathBuf; 0]);
        assert_eq!(found_in(&place.file("state"), secret), [] as [PathBuf; 0]);
    }
}

fn run<'a>(place: &Place, more: impl IntoIterator<Item = &'a str>) -> Ran {
    place.run(SECRET.into_iter().chain(["-vv", "--no-input", "run", "--yes"]).chain(more))
}

#[test]
fn a_planted_leak_is_found() {
    let place = Place::vipre();
    run(&place, INSTALL.into_iter().chain(SILENT)).exits(0);
    let state = place.file("state");
    assert!(state.join("logs/mailsec.log").is_file() && state.join("logs/mailsec.jsonl").is_file());
    for (name, leak) in [
        ("plain", vipre::PASSWORD.as_bytes().to_vec()),
        ("wide", vipre::PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("encoded", base64(format!("xy{}", vipre::PASSWORD).as_bytes()).into_bytes()),
    ] {
        fs::write(state.join(name), [b"before ".to_vec(), leak, b" after".to_vec()].concat()).unwrap();
        assert_eq!(found_in(&state, vipre::PASSWORD), [state.join(name)]);
        fs::remove_file(state.join(name)).unwrap();
    }
    // The simulated server itself knows its password, which shows that files are really searched.
    assert_eq!(found_in(&place.folder, vipre::PASSWORD), [place.file("world.json")]);
}

#[test]
fn after_a_success() {
    let place = Place::vipre();
    let ran = run(&place, INSTALL.into_iter().chain(SILENT)).exits(0);
    nowhere(&place, &[vipre::PASSWORD], &[ran]);
}

#[test]
fn after_a_failure_and_the_way_back() {
    let place = Place::vipre();
    let ran = run(&place, ["--installer", installers::FAILS].into_iter().chain(SILENT)).exits(20);
    nowhere(&place, &[vipre::PASSWORD], &[ran]);
}

#[test]
fn after_a_wrong_password() {
    let place = Place::vipre();
    let wrong = "Not-The-Password-42";
    let mut command = place.command(
        SECRET.into_iter().chain(["-vv", "--no-input", "run", "--yes"]).chain(INSTALL).chain(SILENT),
    );
    let ran = Ran::from(command.env("TEST_PASSWORD", wrong).output().unwrap());
    assert_eq!(ran.code, Some(21), "{ran}");
    nowhere(&place, &[wrong, vipre::PASSWORD], &[ran]);
}

#[test]
fn from_a_file_and_generated() {
    let place = Place::vipre();
    let path = place.file("password");
    let given = "Given-In-A-File-77";
    fs::write(&path, format!("{given}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let source = format!("service-account-password=file:{}", path.display());
    let ran = place
        .run(
            ["--secret", &source, "-vv", "--no-input", "run", "--yes", "--create-account", r"LAB\svc-new"]
                .into_iter()
                .chain(INSTALL)
                .chain(SILENT),
        )
        .exits(0);
    assert_eq!(place.world().vault.directory.get("svc-new").map(String::as_str), Some(given));
    nowhere(&place, &[given, vipre::PASSWORD], &[ran]);

    let place = Place::vipre();
    let arguments = ["-vv", "--no-input", "run", "--yes", "--reset-password", "--generate-password"];
    let ran = place.run(arguments.into_iter().chain(INSTALL).chain(SILENT)).exits(0);
    let made = place.world().vault.directory["svc-vipre"].clone();
    assert_ne!(made, vipre::PASSWORD, "the password was reset");
    nowhere(&place, &[&made, vipre::PASSWORD], &[ran]);
}

#[test]
fn the_headers_of_an_export_and_nothing_secret_in_the_export() {
    let (place, collector) = (Place::vipre(), Collector::start(Mood::Takes));
    let key = "Planted-Key-88";
    let more = ["--otlp", &collector.url, "--secret", "otlp-headers=env:TEST_HEADERS", "-vv", "--no-input"];
    let run = SECRET.into_iter().chain(more).chain(["run", "--yes"]).chain(INSTALL).chain(SILENT);
    let mut command = place.command(run);
    let ran = Ran::from(command.env("TEST_HEADERS", format!("x-key={key}")).output().unwrap()).exits(0);
    nowhere(&place, &[key, vipre::PASSWORD], &[ran]);
    assert!(!collector.came().is_empty());
    for came in collector.came() {
        assert!(!holds(&came.body, key) && !holds(&came.body, vipre::PASSWORD));
    }
}

#[test]
fn not_in_temporary_files() {
    let place = Place::vipre();
    let temporary = place.file("temporary");
    fs::create_dir_all(&temporary).unwrap();
    let run = SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL).chain(SILENT);
    let ran = Ran::from(place.command(run).env("TMPDIR", &temporary).output().unwrap()).exits(0);
    assert_eq!(found_in(&temporary, vipre::PASSWORD), [] as [PathBuf; 0], "{ran}");
}

#[test]
fn after_a_kill_in_the_installer() {
    let place = Place::vipre();
    place.set_faults(r#"{"kill_at": 68, "power_cut": true}"#);
    let killed = run(&place, INSTALL.into_iter().chain(SILENT));
    assert_eq!(killed.signal, Some(9), "{killed}");
    place.set_faults("{}");
    let resumed = place.run(SECRET.into_iter().chain(["-vv", "--no-input", "resume"])).exits(0);
    nowhere(&place, &[vipre::PASSWORD], &[killed, resumed]);
}

#[test]
fn not_in_the_command_line_of_a_running_process_nor_in_its_inbox() {
    let place = Place::vipre();
    let arguments = ["--no-input", "--speed", "20", "run", "--yes"];
    let running = Running::start(&place, SECRET.into_iter().chain(arguments).chain(INSTALL).chain(SILENT));
    running.reaches("hold-mail");
    let line = fs::read(format!("/proc/{}/cmdline", running.id())).unwrap();
    assert!(holds(&line, "service-account-password"), "the command line was not read");
    assert!(!holds(&line, vipre::PASSWORD));
    place.run(["cancel", "--note", "enough"]).exits(0);
    assert_eq!(found_in(&place.file("state"), vipre::PASSWORD), [] as [PathBuf; 0]);
    let ended = running.ends();
    nowhere(&place, &[vipre::PASSWORD], &[ended]);
}

/// A name that nothing wants gave its secret to nobody, and the upgrade stopped later for want of it.
#[test]
fn a_name_that_nothing_wants_is_refused_before_anything_begins() {
    let place = Place::vipre();
    let misspelt = ["--secret", "service-acount-password=env:TEST_PASSWORD", "--no-input"];
    let run = misspelt.into_iter().chain(["run", "--yes"]).chain(INSTALL).chain(SILENT);
    let ran = place.changes_nothing(run).exits(2);
    assert!(ran.stderr.contains("service-acount-password"), "{ran}");
    assert!(ran.stderr.contains("did you mean service-account-password?"), "{ran}");
    let check = ["account", "check", r"LAB\svc-vipre"];
    // Nothing of the kind is wanted here: it is said, for a list may serve many servers.
    let ran = place.changes_nothing(misspelt.into_iter().chain(check)).exits(0);
    assert!(ran.stderr.contains("Nothing wants the secret service-acount-password"), "{ran}");

    // An upgrade that waits for it: the same of who goes on with it.
    let begin = ["--no-input", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT);
    let waits = place.run(begin);
    assert!(!matches!(waits.code, Some(0 | 2)), "{waits}");
    for words in [&["resume"][..], &["cancel"]] {
        let ran = place.changes_nothing(misspelt.into_iter().chain(words.iter().copied())).exits(2);
        assert!(ran.stderr.contains("did you mean service-account-password?"), "{ran}");
    }
}
