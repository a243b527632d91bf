//! Plans rehearsed on copies of their servers, and what `run` makes of it.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, says};
use mailsec_core::{
    engine::load,
    upgrade::{Event, Verdict},
};
use mailsec_simulator::{
    rehearsal::Rehearsal,
    worlds::{eset, eset_installers, vipre},
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

/// A server and a plan for it.
fn planned() -> (Place, String) {
    let place = Place::vipre();
    let file = place.file("plan.json").display().to_string();
    place.run(["plan", "--out", &file].into_iter().chain(INSTALL).chain(SILENT)).exits(0);
    (place, file)
}

fn hash_of(plan: &str) -> String {
    let plan: serde_json::Value = serde_json::from_slice(&fs::read(plan).unwrap()).unwrap();
    plan["hash"].as_str().unwrap().to_owned()
}

fn kept(place: &Place, plan: &str) -> PathBuf {
    place.file("state/rehearsals").join(format!("{}.json", hash_of(plan)))
}

fn facts(place: &Place) -> PathBuf {
    fs::read_dir(place.file("state/facts")).unwrap().next().unwrap().unwrap().path()
}

/// Begins the plan; answers what was said before the upgrade, and the event that was journaled.
fn begins(place: &Place, plan: &str) -> (Ran, Vec<Event>) {
    let run = ["--no-input", "run", "--yes", "--plan", plan];
    let ran = place.run(SECRET.into_iter().chain(run)).exits(0);
    let envelopes = place.witnessed().unwrap().envelopes;
    let events = envelopes.iter().filter_map(|envelope| envelope.event.known().cloned()).collect();
    assert_eq!(load(&envelopes).state.unknown, 0);
    (ran, events)
}

/// Of the facts of another server, on which the plan cannot work.
fn facts_of(kind: &str, name: &str) -> (Place, String) {
    let other = Place::new(kind);
    let file = other.file(name).display().to_string();
    other.run(["capture", "--out", &file].into_iter().chain(INSTALL)).exits(0);
    (other, file)
}

#[test]
fn a_plan_is_rehearsed_and_the_result_is_kept_for_its_owner() {
    let (place, plan) = planned();
    let ran = place.changes_nothing(["rehearse", &plan]).exits(0);
    for words in ["Each of them came to an allowed end.", "124 points", "installer fails", "nothing differs"]
    {
        assert!(ran.stdout.contains(words), "{words}:\n{ran}");
    }
    let fits = |line: &str| line.chars().count() <= 80 || line.starts_with("  /");
    assert!(ran.stdout.lines().all(fits), "{ran}");
    let file = kept(&place, &plan);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let result = Rehearsal::read(&fs::read(&file).unwrap()).unwrap();
    let told = place.changes_nothing(["--json", "rehearse", &plan]).exits(0).json();
    assert_eq!(told["hash"], result.hash().to_string(), "the same rehearsal has another result");
    assert_eq!(told["rehearsal"]["plan"], hash_of(&plan));
    assert!(told["converges"].as_bool().unwrap());
}

#[test]
fn a_run_says_that_its_plan_was_rehearsed_and_journals_the_result() {
    let (place, plan) = planned();
    place.run(["rehearse", &plan]).exits(0);
    let result = Rehearsal::read(&fs::read(kept(&place, &plan)).unwrap()).unwrap();
    let (ran, events) = begins(&place, &plan);
    let said = format!("rehearsed: {} runs, each came to an allowed end", result.runs);
    assert!(ran.stderr.contains(&said), "{ran}");
    assert!(matches!(&events[0], Event::Planned { .. }));
    assert!(
        matches!(&events[1], Event::Rehearsed(rehearsed) if *rehearsed == result.noted()),
        "{:?}",
        events[1]
    );
    assert!(place.run(["report"]).stdout.contains("Trial    rehearsed: "));
    assert!(place.run(["journal", "show"]).exits(0).stdout.contains("\"kind\":\"rehearsed\""));
    place.run(["journal", "verify"]).exits(0);
}

#[test]
fn a_run_says_that_its_plan_was_not_rehearsed_and_begins_all_the_same() {
    let (place, plan) = planned();
    let (ran, events) = begins(&place, &plan);
    assert!(ran.stderr.contains("NOT REHEARSED: `mailsec plan --out FILE`"), "{ran}");
    assert!(!events.iter().any(|event| matches!(event, Event::Rehearsed(_))));
    assert!(place.run(["report"]).stdout.contains("Trial    NOT REHEARSED"));
}

#[test]
fn a_rehearsal_that_goes_wrong_has_its_own_exit_code_and_run_warns() {
    let (place, plan) = planned();
    let (_other, facts) = facts_of("nested-admin", "facts.json");
    let ran = place.changes_nothing(["rehearse", &plan, "--captured", &facts]).exits(51);
    assert!(ran.stdout.contains("1 OF THEM WENT WRONG."), "{ran}");
    assert!(ran.stdout.contains("undisturbed: check-account fails: "), "{ran}");
    assert!(ran.stdout.contains("the plan was made from other facts than these"), "{ran}");
    let told = place.run(["--json", "rehearse", &plan, "--captured", &facts]).exits(51).json();
    assert!(!told["converges"].as_bool().unwrap());
    let (ran, events) = begins(&place, &plan);
    assert!(ran.stderr.contains("REHEARSED, AND IT WENT WRONG"), "{ran}");
    assert!(matches!(&events[1], Event::Rehearsed(rehearsed) if rehearsed.verdict == Verdict::Diverged));
    // Rehearsed again with its own facts, it is as good as any other.
    place.run(["rehearse", &plan]).exits(0);
}

#[test]
fn a_rehearsal_needs_no_server() {
    let (place, plan) = planned();
    let facts = facts(&place).display().to_string();
    let ran =
        place.program().args(["rehearse", &plan, "--captured", &facts]).output().map(Ran::from).unwrap();
    let ran = ran.exits(0);
    assert!(!ran.stdout.contains("Kept in"), "{ran}");
    assert!(!place.file("state/rehearsals").exists());
}

#[test]
fn facts_that_are_not_there_damaged_or_of_something_else() {
    let (place, plan) = planned();
    let file = facts(&place);
    let text = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    says!(place, place.changes_nothing(["rehearse", &plan]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[facts-unfit]: the facts that this plan was made from are not kept here
      expected: [WORLD]/state/facts/[HASH].json
      hint:     --captured FILE gives them, and --state FOLDER or --host says where
                else they are kept; or make the plan again
    ");
    fs::write(&file, text.replace("\"version\": \"4.5.1.0\"", "\"version\": \"4.5.2.0\"")).unwrap();
    says!(place, place.changes_nothing(["rehearse", &plan]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[facts-damaged]: the facts are not those that were captured
      expected: digest
                [HASH]
      found:    digest
                [HASH]
      because:  they were changed, or mailsec 0.1.0 wrote what this version does not
                know
      hint:     capture them again
    ");
    fs::write(&file, &text[..text.len() / 3]).unwrap();
    let ran = place.changes_nothing(["rehearse", &plan]).exits(30);
    assert!(ran.stderr.contains("error[facts-damaged]: these are no captured facts"), "{ran}");
    let (_eset, other) = {
        let eset = Place::new("eset-7.3");
        let file = eset.file("facts.json").display().to_string();
        eset.run(["capture", "--installer", eset_installers::TO_111, "--out", &file]).exits(0);
        (eset, file)
    };
    says!(place, place.changes_nothing(["rehearse", &plan, "--captured", &other]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[facts-unfit]: these are facts of another product
      expected: vipre
      found:    eset
      hint:     rehearse the plan with the facts of its own server
    ");
    let missing = place.file("nothing.json").display().to_string();
    place.changes_nothing(["rehearse", &plan, "--captured", &missing]).exits(30);
}

#[test]
fn a_plan_of_another_server_and_one_that_is_none() {
    let (place, plan) = planned();
    let named = Place::at(place.file("other"));
    let folder = named.folder.display().to_string();
    let create = ["world", "create", &folder, "--name", "MAIL02"];
    place.program().args(create).output().map(Ran::from).unwrap().exits(0);
    let facts = named.file("facts.json").display().to_string();
    named.run(["capture", "--out", &facts].into_iter().chain(INSTALL)).exits(0);
    says!(place, named.changes_nothing(["rehearse", &plan, "--captured", &facts]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[facts-unfit]: these are facts of another server
      expected: MAIL01
      found:    MAIL02
      hint:     rehearse the plan with the facts of its own server
    ");
    // Facts are no plan.
    let ran = named.changes_nothing(["rehearse", &facts]).exits(30);
    assert!(ran.stderr.starts_with("error[plan-damaged]"), "{ran}");
}

/// A result that somebody changed is none: the run says so, and the journal does not have it.
#[test]
fn a_kept_result_that_was_changed_counts_as_none() {
    let (place, plan) = planned();
    place.run(["rehearse", &plan]).exits(0);
    let file = kept(&place, &plan);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"points\": 124", "\"points\": 900")).unwrap();
    let (ran, events) = begins(&place, &plan);
    assert!(ran.stderr.contains("NOT REHEARSED"), "{ran}");
    assert!(!events.iter().any(|event| matches!(event, Event::Rehearsed(_))));
}

#[test]
fn no_password_is_in_a_rehearsal() {
    for (kind, installer, more, secrets) in [
        ("vipre-4.5", INSTALL[1], &SILENT[..], [vipre::PASSWORD, "Sim-Rehearsed"]),
        (
            "eset-protected",
            eset_installers::TO_111,
            &["--settings-password"],
            [eset::PASSWORD, "Sim-Rehearsed"],
        ),
    ] {
        let place = Place::new(kind);
        let plan = place.file("plan.json").display().to_string();
        let make = ["plan", "--out", &plan, "--installer", installer];
        place.run(make.into_iter().chain(more.iter().copied())).exits(0);
        let ran = place.run(["-vv", "rehearse", &plan]).exits(0);
        let result = fs::read_to_string(kept(&place, &plan)).unwrap();
        let captured = fs::read_to_string(facts(&place)).unwrap();
        for secret in secrets {
            for text in [&ran.stdout, &ran.stderr, &result, &captured] {
                assert!(!text.contains(secret), "{kind}");
            }
        }
    }
}
