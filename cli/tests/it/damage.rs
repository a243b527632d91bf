//! A journal that was torn or damaged: what one copy still has is put back, what neither has is said, and nothing is
//! ever begun afresh.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, says};
use mailsec_core::values::Digest;
use std::{fs, path::Path};

/// An attended upgrade at its first gate.
fn at_a_gate() -> (Place, Vec<Digest>) {
    let place = Place::vipre();
    let arguments = ["--no-input", "run", "--yes"];
    place.run(SECRET.into_iter().chain(arguments).chain(INSTALL)).exits(10);
    let chain = chain(&place);
    (place, chain)
}

fn chain(place: &Place) -> Vec<Digest> {
    place.witnessed().map(|found| found.lines.iter().map(|line| line.hash()).collect()).unwrap_or_default()
}

fn resume(place: &Place) -> Ran {
    place.run(SECRET.into_iter().chain(["--no-input", "resume"]))
}

/// Resumes, and everything that was there before the damage is there again, at the same gate.
#[track_caller]
fn mends(place: &Place, before: &[Digest]) -> String {
    let ran = resume(place).exits(10);
    assert!(chain(place).starts_with(before), "the journal lost what it had:\n{ran}");
    assert!(ran.stdout.contains("export-rules#1"), "{ran}");
    place.run(["journal", "verify"]).exits(0);
    ran.stderr
}

fn change(file: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    how(&mut bytes);
    fs::write(file, bytes).unwrap();
}

fn flip_in_the_middle(file: &Path) {
    change(file, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
}

/// Every file of the second copy.
fn sled(place: &Place) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![place.journal().join("sled")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn half_a_line_at_the_end() {
    let (place, before) = at_a_gate();
    change(&place.witness(), |bytes| {
        let half = bytes[..150].to_vec();
        bytes.extend(half);
    });
    assert!(place.run(["status"]).exits(0).stdout.contains("waiting at a gate"));
    says!(place, mends(&place, &before), @"Taken up again: export-rules waits for an answer.");
}

#[test]
fn garbage_at_the_end() {
    let (place, before) = at_a_gate();
    change(&place.witness(), |bytes| bytes.extend(b"\x00\xffgarbage\n"));
    let status = place.run(["status"]).exits(40);
    says!(place, &status.stdout[status.stdout.find("error[").unwrap()..], @"
    error[journal-damaged]: the journal is damaged: the witness is damaged
      expected: a chain of at least 14 envelopes
      found:    the last good envelope is 12 of upgrade
                [ID] at [TIME],
                hash
                [HASH]
      hint:     `mailsec journal verify` puts back what the second copy has. Where
                it has no more: nothing was changed; `mailsec journal import FILE`
                takes the missing part from an export; without one, `mailsec journal
                verify --cut-damage` cuts it after its last good envelope, and the
                step that came next must be checked by hand
    ");
    says!(place, mends(&place, &before), @"Taken up again: export-rules waits for an answer.");
}

#[test]
fn a_witness_that_lost_its_end() {
    let (place, before) = at_a_gate();
    change(&place.witness(), |bytes| bytes.truncate(bytes.len() - 300));
    says!(place, mends(&place, &before), @r"
    journal: upgrade [ID]: witness written anew, 12 good envelopes became 13; the old one is quarantine/0001-witness/bytes
    Taken up again: export-rules waits for an answer.
    ");
}

#[test]
fn a_bit_in_the_middle_of_the_witness() {
    let (place, before) = at_a_gate();
    flip_in_the_middle(&place.witness());
    says!(place, place.run(["status"]), @"
    exit: 40
    ----- stdout -----
    ----- stderr -----
    error[journal-damaged]: the journal is damaged: the witness is damaged
      expected: a chain of at least 13 envelopes
      found:    no good envelope of upgrade [ID]
      hint:     `mailsec journal verify` puts back what the second copy has. Where
                it has no more: nothing was changed; `mailsec journal import FILE`
                takes the missing part from an export; without one, `mailsec journal
                verify --cut-damage` cuts it after its last good envelope, and the
                step that came next must be checked by hand
    ");
    says!(place, mends(&place, &before), @"Taken up again: export-rules waits for an answer.");
}

#[test]
fn a_witness_that_is_gone() {
    let (place, before) = at_a_gate();
    fs::remove_file(place.witness()).unwrap();
    says!(place, mends(&place, &before), @r"
    journal: upgrade [ID]: witness written anew, 0 good envelopes became 13
    Taken up again: export-rules waits for an answer.
    ");
}

#[test]
fn a_second_copy_that_is_gone() {
    let (place, before) = at_a_gate();
    fs::remove_dir_all(place.journal().join("sled")).unwrap();
    mends(&place, &before);
}

#[test]
fn a_second_copy_with_a_flipped_bit_in_every_file() {
    let (place, before) = at_a_gate();
    for file in sled(&place) {
        if fs::metadata(&file).unwrap().len() > 0 {
            flip_in_the_middle(&file);
        }
    }
    mends(&place, &before);
}

#[test]
fn both_copies_damaged() {
    let (place, before) = at_a_gate();
    let bundle = place.file("bundle.json").display().to_string();
    place.run(["journal", "export", "--out", &bundle]).exits(0);
    flip_in_the_middle(&place.witness());
    fs::remove_dir_all(place.journal().join("sled")).unwrap();
    let still = place.still();
    let refused = resume(&place);
    assert!(place.still() == still, "the server was changed:\n{refused}");
    says!(place, refused, @"
    exit: 40
    ----- stdout -----
    ----- stderr -----
    error[journal-damaged]: the journal is damaged: envelopes are missing or changed
      in every copy, or the copies differ
      expected: a chain of at least 13 envelopes
      found:    no good envelope of upgrade [ID]
      hint:     nothing was changed; `mailsec journal import FILE` takes the missing
                part from an export; without one, `mailsec journal verify
                --cut-damage` cuts it after its last good envelope, and the step
                that came next must be checked by hand
    ");
    let another = place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes"]).chain(INSTALL));
    assert_eq!(another.code, Some(40), "nothing is begun afresh beside a damaged journal:\n{another}");
    says!(place, place.run(["journal", "verify"]), @"
    exit: 40
    ----- stdout -----
    upgrade [ID]: 0 envelopes
      head [HASH]
      witness: damaged: the witness is damaged
    error[journal-damaged]: the journal is damaged: envelopes are missing or changed
      in every copy
      expected: a chain of at least 13 envelopes
      found:    no good envelope of upgrade [ID]
      hint:     nothing was changed; `mailsec journal import FILE` takes the missing
                part from an export; without one, `mailsec journal verify
                --cut-damage` cuts it after its last good envelope, and the step
                that came next must be checked by hand

    both copies: NOT whole
    ----- stderr -----
    ");

    says!(place, place.run(["journal", "import", &bundle]), @r"
    exit: 0
    ----- stdout -----
    upgrade [ID]: 13 envelopes, of which 0 were here
    ----- stderr -----
    ");
    mends(&place, &before);
}

#[test]
fn a_bundle_that_was_changed() {
    let (place, _) = at_a_gate();
    let bundle = place.file("bundle.json");
    place.run(["journal", "export", "--out", &bundle.display().to_string()]).exits(0);
    let text = fs::read_to_string(&bundle).unwrap();
    fs::write(&bundle, text.replace("MAIL01", "MAIL02")).unwrap();
    says!(place, place.changes_nothing(["journal", "import", &bundle.display().to_string()]), @"
    exit: 40
    ----- stdout -----
    ----- stderr -----
    error[journal-damaged]: the export is damaged: envelope 0 (line [LINE] of the file)
      is not as it was written: its bytes do not have its hash
      expected: a chain of at least 13 envelopes
      found:    no good envelope of upgrade [ID]
      hint:     nothing was changed; make the export again where the upgrade's
                journal is whole
    ");
}

#[test]
fn damage_that_is_cut_off_by_order() {
    let (place, before) = at_a_gate();
    // The last line but a few: what stands before it stays good.
    change(&place.witness(), |bytes| {
        let at = bytes.len() - 2_000;
        bytes[at] ^= 1;
    });
    fs::remove_dir_all(place.journal().join("sled")).unwrap();
    assert_eq!(resume(&place).code, Some(40));
    says!(place, place.run(["journal", "verify", "--cut-damage"]), @"
    exit: 0
    ----- stdout -----
    upgrade [ID]: 9 envelopes
      head [HASH]
      witness: damaged: the witness is damaged
    mended: upgrade [ID]: cut by order to 9 of 13
      envelopes; the old witness is quarantine/0001-witness/bytes
    both copies: whole and the same
    ----- stderr -----
    ");
    let left = chain(&place);
    assert!(!left.is_empty() && left.len() < before.len() && before.starts_with(&left));
    let ran = resume(&place).exits(10);
    assert!(ran.stdout.contains("export-rules#1"), "{ran}");
}

/// The witness is cut short by the damage, so the upgrade looks unfinished; the second copy knows that it is over.
#[test]
fn what_is_over_is_not_turned_back_because_a_damaged_copy_says_less() {
    let place = Place::vipre();
    let run = ["--no-input", "run", "--yes"].into_iter().chain(INSTALL).chain(SILENT);
    place.run(SECRET.into_iter().chain(run)).exits(0);
    let before = place.picture();
    let events = place.witnessed().unwrap().lines.len();
    let mut bytes = fs::read(place.witness()).unwrap();
    let line = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(19).unwrap().0;
    bytes[line + 30] ^= 1;
    fs::write(place.witness(), bytes).unwrap();
    let ran = place.run(["plan"].into_iter().chain(INSTALL)).exits(40);
    assert!(ran.stderr.contains("error[journal-damaged]"), "{ran}");
    let ran = place.run(["rollback", "--no-input"]).exits(30);
    assert!(ran.told().contains("it is over"), "{ran}");
    place.run(["journal", "verify"]).exits(0);
    assert_eq!(place.witnessed().unwrap().lines.len(), events, "mended, and nothing was added");
    assert!(place.picture() == before);
}
