//! Reports that are written: each form, whatever became of the upgrade.

use crate::harness::{INSTALL, Place, SECRET, SILENT};
use std::{fs, os::unix::fs::PermissionsExt};

const FORMS: [(&str, &str); 5] = [
    ("text", "UPGRADE "),
    ("html", "<!DOCTYPE html>"),
    ("json", "{"),
    ("md", "# Upgrade report"),
    ("junit", "<?xml "),
];

fn upgraded() -> Place {
    let place = Place::vipre();
    let run = ["--no-input", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT);
    place.run(SECRET.into_iter().chain(run)).exits(0);
    place
}

#[test]
fn each_form_is_written_whole_for_its_owner_alone_and_is_the_same_again() {
    let place = upgraded();
    for (form, begins) in FORMS {
        let said = place.run(["report", "--format", form]).exits(0).stdout;
        assert!(said.starts_with(begins), "{form}: {said}");
        let file = place.file(&format!("report.{form}"));
        fs::write(&file, "something longer than nothing").unwrap();
        let ran = place.run(["report", "--format", form, "--out", &file.display().to_string()]).exits(0);
        assert!(ran.stdout.contains("Written to "), "{ran}");
        let written = fs::read_to_string(&file).unwrap();
        assert_eq!(written.trim_end(), said.trim_end(), "{form}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{form}");
    }
    let names: Vec<_> =
        fs::read_dir(&place.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".new")), "{names:?}");
}

#[test]
fn the_hash_in_the_page_is_the_one_that_verify_prints() {
    let place = upgraded();
    let page = place.run(["report", "--format", "html"]).exits(0).stdout;
    let verified = place.run(["journal", "verify"]).exits(0).stdout;
    let (_, head) = verified.split_once("head ").unwrap();
    assert!(page.contains(&format!("<code>{}</code>", &head[..64])), "{verified}");
}

#[test]
fn a_page_that_nobody_can_write_is_refused_and_what_was_there_stays() {
    let place = upgraded();
    let ran = place.run(["report", "--format", "html", "--out", "/proc/nobody/report.html"]).exits(1);
    assert!(ran.stderr.contains("error[file-unwritable]"), "{ran}");
}

#[test]
fn a_damaged_journal_is_reported_as_far_as_it_can_be_read() {
    let place = upgraded();
    let witness = place.witness();
    let mut lines: Vec<String> = fs::read_to_string(&witness).unwrap().lines().map(str::to_owned).collect();
    lines[20] = lines[20].replace("\"at\":\"2026", "\"at\":\"2027");
    fs::write(&witness, lines.join("\n")).unwrap();
    for (form, said) in [
        ("text", "error[journal-damaged]"),
        ("html", "The journal is damaged: 20 of at least "),
        ("json", "\"is\": \"damaged\""),
        ("md", "**damaged**: The journal is damaged"),
        ("junit", "<error type=\"damaged\""),
    ] {
        let ran = place.run(["report", "--format", form]).exits(40);
        assert!(ran.stdout.contains(said), "{form}: {ran}");
    }
}
