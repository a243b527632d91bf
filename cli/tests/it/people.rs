//! Answers and requests that do not fit: each is refused and changes nothing; those that fit are carried out.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, says};
use mailsec_simulator::worlds::installers;

const EXPORT: &str = r"C:\ProgramData\mailsec\export\custom-rules.export";

/// An attended upgrade at its first gate: the export of the rules.
fn at_a_gate() -> Place {
    let place = Place::vipre();
    let arguments = ["--no-input", "run", "--yes"];
    place.run(SECRET.into_iter().chain(arguments).chain(INSTALL)).exits(10);
    place
}

/// An upgrade that has succeeded.
fn finished() -> Place {
    let place = Place::vipre();
    let arguments = ["--no-input", "run", "--yes"];
    place.run(SECRET.into_iter().chain(arguments).chain(INSTALL).chain(SILENT)).exits(0);
    place
}

fn resume(place: &Place) -> Ran {
    place.run(SECRET.into_iter().chain(["--no-input", "resume"]))
}

#[test]
fn an_answer_to_another_gate() {
    let place = at_a_gate();
    says!(place, place.changes_nothing(["answer", "run-installer#2", "done"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[gate-not-open]: this gate is not open, or does not take this answer
      expected: gate export-rules#1
      found:    gate run-installer#2
      hint:     `mailsec status` shows what is asked; nothing was changed
    ");
}

#[test]
fn an_answer_that_the_gate_does_not_take() {
    let place = at_a_gate();
    says!(place, place.changes_nothing(["answer", "export-rules#1", "yes"]), @r#"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[gate-not-open]: this gate is not open, or does not take this answer
      expected: one of: done, roll-back, abandon
      found:    "yes"
      hint:     `mailsec status` shows what is asked; nothing was changed
    "#);
    says!(place, place.changes_nothing(["answer", "export-rules#1", "retry"]), @r#"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[gate-not-open]: this gate is not open, or does not take this answer
      expected: one of: done, roll-back, abandon
      found:    "retry"
      hint:     `mailsec status` shows what is asked; nothing was changed
    "#);
}

#[test]
fn an_answer_without_a_gate() {
    let place = finished();
    says!(place, place.changes_nothing(["answer", "export-rules#1", "done"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[gate-not-open]: this gate is not open, or does not take this answer
      expected: an open gate
      found:    no gate is open
      hint:     `mailsec status` shows what is asked; nothing was changed
    ");
}

#[test]
fn the_same_answer_twice() {
    let place = at_a_gate();
    place.run(["answer", "export-rules#1", "done"]).exits(0);
    says!(place, place.changes_nothing(["answer", "export-rules#1", "done"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[gate-not-open]: this gate is not open, or does not take this answer
      expected: an open gate
      found:    no gate is open
      hint:     `mailsec status` shows what is asked; nothing was changed
    ");
}

#[test]
fn done_is_not_believed() {
    let place = at_a_gate();
    says!(place, place.run(["answer", "export-rules#1", "done", "--note", "exported, I think"]), @r"
    exit: 0
    ----- stdout -----
    Answered. `mailsec resume` goes on.
    ----- stderr -----
    ");
    let ran = resume(&place).exits(10);
    says!(place, ran.stderr, @r"
    Taken up again: the gate of export-rules was answered.
    back up
      FAILED   5/22 Export the custom rules
              the exported file is not as it must be [rules-export]; expected a file
              C:\ProgramData\mailsec\export\custom-rules.export that is not empty
              and newer than the start of this upgrade; found no file
    ");
    assert!(ran.stdout.contains("answer export-rules#2"), "{ran}");
}

#[test]
fn another_upgrade_while_one_is_not_finished() {
    let place = at_a_gate();
    let arguments = ["--no-input", "run", "--yes"];
    let ran = place.changes_nothing(SECRET.into_iter().chain(arguments).chain(INSTALL).chain(SILENT));
    says!(place, format!("exit: {}\n{}", ran.code.unwrap(), &ran.stderr[ran.stderr.find("error[").unwrap()..]), @"
    exit: 30
    error[upgrade-in-progress]: another upgrade of this server is not finished
      found:    upgrade [ID], waiting at a gate
                (export-rules#1)
      hint:     `mailsec status` shows it; finish it with `mailsec resume`, or take
                it back with `mailsec rollback`; nothing was changed
    ");
}

#[test]
fn resuming_what_is_over() {
    let place = finished();
    says!(place, place.changes_nothing(["resume"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade is over
      found:    succeeded
      hint:     `mailsec report` shows what happened
    ");
}

#[test]
fn going_back_after_the_end() {
    let place = finished();
    says!(place, place.changes_nothing(["rollback"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade cannot roll back: it is over
      hint:     `mailsec report` shows how it ended
    ");
    says!(place, place.changes_nothing(["cancel"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade cannot cancel: it is over
      hint:     `mailsec report` shows how it ended
    ");
    says!(place, place.changes_nothing(["pause"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade cannot pause: it is over
      hint:     `mailsec report` shows how it ended
    ");
    says!(place, place.changes_nothing(["abandon", "--note", "enough"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade cannot abandon: it is over
      hint:     `mailsec report` shows how it ended
    ");
}

#[test]
fn going_back_beyond_the_point_of_no_return() {
    let place = Place::vipre();
    let arguments = ["--no-input", "run", "--yes", "--installer", installers::WANTS_RESTART];
    place.run(SECRET.into_iter().chain(arguments).chain(SILENT)).exits(11);
    says!(place, place.changes_nothing(["rollback"]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade cannot roll back: the new version is in
      place, and the way back ended there
      hint:     let it finish, or `mailsec abandon --note REASON` and go on by hand
    ");
    resume(&place).exits(0);
}

#[test]
fn abandoning_without_a_reason() {
    let place = at_a_gate();
    says!(place, place.changes_nothing(["abandon"]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: abandoning leaves the server as it is, and wants a
      reason
      expected: --note REASON
      hint:     the reason stands in the report; nothing was changed
    ");
}

#[test]
fn abandoning_with_a_reason() {
    let place = at_a_gate();
    says!(place, place.run(["--no-input", "abandon", "--note", "the maintenance window is over"]), @r"
    exit: 22
    ----- stdout -----
    Abandoned: the server was left as it is; see the report.
    Mail: held 0 s, down 0 s, unscanned 0 s; within the budget.

    upgrade [ID]
    journal [WORLD]/state/journal
    ----- stderr -----
    Taken up again: export-rules waits for an answer.
    ");
    says!(place, place.changes_nothing(["resume"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[request-refused]: this upgrade is over
      found:    abandoned
      hint:     `mailsec report` shows what happened
    ");
}

#[test]
fn cancelling_at_a_gate_takes_everything_back() {
    let place = at_a_gate();
    let ran = place.run(["--no-input", "cancel", "--note", "not tonight"]).exits(20);
    says!(place, ran.stdout, @r"
    Rolled back: the server is as it was, but for what the report names.
    Mail: held 0 s, down 0 s, unscanned 0 s; within the budget.

    upgrade [ID]
    journal [WORLD]/state/journal
    ");
    place.run(["journal", "verify"]).exits(0);
}

#[test]
fn pausing_at_a_gate_and_going_on() {
    let place = at_a_gate();
    says!(place, place.run(["--no-input", "pause"]), @r"
    exit: 12
    ----- stdout -----
    Paused; `mailsec resume` goes on.
    Mail: held 0 s, down 0 s, unscanned 0 s; within the budget.

    upgrade [ID]
    journal [WORLD]/state/journal
    ----- stderr -----
    Taken up again: export-rules waits for an answer.
    ");
    let folder = place.folder.display().to_string();
    let saved = place.program().args(["world", "act", &folder, "save", EXPORT, "rules"]).output().unwrap();
    assert!(saved.status.success());
    resume(&place).exits(10);
    place.run(["answer", "export-rules#1", "done"]).exits(0);
    assert!(resume(&place).exits(10).stdout.contains("run-installer#"));
}
