//! A gate with a checklist: shown item by item, answered item by item, and kept in the report.

use crate::harness::{INSTALL, Place, Running, SECRET, says};
use mailsec_core::plan::{ChecklistItem, ItemId, Operation, Plan};
use std::fs;

const EXPORT: &str = r"C:\ProgramData\mailsec\export\custom-rules.export";
const GATE: &str = "export-rules#1";

/// A server with an attended plan whose first gate asks about three rules.
fn planned() -> (Place, String) {
    let place = Place::vipre();
    let file = place.file("plan.json").display().to_string();
    place.changes_nothing(["plan", "--out", &file].into_iter().chain(INSTALL)).exits(0);
    let mut plan = Plan::read(&fs::read(&file).unwrap()).unwrap();
    for step in &mut plan.steps {
        if let Operation::CollectExport { question, .. } = &mut step.operation {
            question.items = [
                (
                    "rule-1",
                    "Block *.exe from outside, except from the two subsidiaries that send signed updates",
                ),
                ("rule-2", "Tag mail from partners"),
                ("rule-3", "Archive invoices"),
            ]
            .map(|(id, text)| ChecklistItem { id: ItemId::parse(id).unwrap(), text: text.to_owned() })
            .into();
        }
    }
    fs::write(&file, plan.sealed()).unwrap();
    (place, file)
}

/// The upgrade at the gate with the checklist.
fn at_the_gate() -> Place {
    let (place, file) = planned();
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes", "--plan", &file])).exits(10);
    place
}

/// From a line on.
fn from<'t>(text: &'t str, line: &str) -> &'t str {
    &text[text.find(line).unwrap_or_else(|| panic!("no {line:?} in:\n{text}"))..]
}

#[test]
fn status_shows_each_item_and_how_it_is_answered() {
    let place = at_the_gate();
    let ran = place.run(["status"]).exits(0);
    says!(place, from(&ran.stdout, "QUESTION"), @r"
    QUESTION  Export the custom rules

      1. open the product's console and export the custom rules
      2. save the file as C:\ProgramData\mailsec\export\custom-rules.export

      Why:       The settings folder does not hold them, and no source names a
                 command that exports them.
      Verified:  the file must exist, not be empty, and be newer than the start of
                 this upgrade
      Otherwise: the upgrade waits; nothing was changed yet. If there are no custom
                 rules, roll back and plan again with --no-rules REASON

      To go through, each answered done or given-up:
        [rule-1] Block *.exe from outside, except from the two subsidiaries that
            send signed updates
        [rule-2] Tag mail from partners
        [rule-3] Archive invoices

      Answers:
        done           I have done it; check it and go on
        roll-back      take back what was done
        abandon        stop here and leave the server as it is; wants a reason

      mailsec answer export-rules#1 ANSWER [--note TEXT]
        with done: --item ITEM=done, --item ITEM=given-up:WHY, --all-items done
    ");
    let json = place.run(["--json", "status"]).exits(0).json();
    assert_eq!(json["gate"]["question"]["items"][1]["id"], "rule-2");
    assert_eq!(json["checklists"].as_array().unwrap().len(), 0);
}

#[test]
fn done_is_refused_while_an_item_is_open() {
    let place = at_the_gate();
    says!(place, place.changes_nothing(["answer", GATE, "done"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[checklist-open]: not every item of the gate's checklist is answered
      expected: an answer to each of 3 items
      found:    none to 3 of them: rule-1, rule-2, rule-3
      hint:     answer each as done or given-up:WHY; nothing was changed
    ");
    says!(place, place.changes_nothing(["answer", GATE, "done", "--item", "rule-2=done"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[checklist-open]: not every item of the gate's checklist is answered
      expected: an answer to each of 3 items
      found:    none to 2 of them: rule-1, rule-3
      hint:     answer each as done or given-up:WHY; nothing was changed
    ");
}

#[test]
fn answers_that_no_item_takes() {
    let place = at_the_gate();
    for (arguments, error) in [
        (["--item", "rule-9=done", "--all-items", "done"], "the gate's checklist has no such item"),
        (["--item", "rule-1=given-up", "--all-items", "done"], "an item takes no such answer"),
        (["--item", "rule-1", "--all-items", "done"], "this is no answer to an item"),
        (["--item", "rule 1=done", "--all-items", "done"], "this does not name an item of a checklist"),
        (["--item", "rule-1=done", "--item", "rule-1=done"], "an item is answered once"),
    ] {
        let ran = place.changes_nothing(["answer", GATE, "done"].into_iter().chain(arguments)).exits(2);
        assert!(ran.stderr.contains(error), "{ran}");
    }
    let with_another = ["answer", GATE, "roll-back", "--all-items", "done"];
    assert!(place.changes_nothing(with_another).exits(2).stderr.contains("together with done"));
    // Nothing is given up wholesale.
    place.changes_nothing(["answer", GATE, "done", "--all-items", "given-up:x"]).exits(2);
}

#[test]
fn what_was_said_of_each_item_stays_in_the_report() {
    let place = at_the_gate();
    let given_up = ["--item", "rule-2=given-up:the partners left in May", "--all-items", "done"];
    let with_note = ["--note", "checked with Grace"];
    let arguments = ["answer", GATE, "done"].into_iter().chain(given_up).chain(with_note);
    says!(place, place.run(arguments), @r"
    exit: 0
    ----- stdout -----
    Answered. `mailsec resume` goes on.
    ----- stderr -----
    ");
    let status = place.run(["status"]).exits(0).stdout;
    says!(place, status.lines().find(|line| line.starts_with("Answered")).unwrap_or_default(), @"Answered Export the custom rules: 2 items done, 1 given up, by ada");
    let report = place.run(["report"]).exits(0).stdout;
    says!(place, from(&report, "Gates\n").split("\n\n").next().unwrap(), @r"
    Gates
      [CLOCK]  Export the custom rules
                done, by ada at [CLOCK]: checked with Grace
                [rule-1] Block *.exe from outside, except from the two subsidiaries
                    that send signed updates: done
                [rule-2] Tag mail from partners: given up: the partners left in May
                [rule-3] Archive invoices: done
    ");
    let json = place.run(["--json", "report"]).exits(0).json();
    let gate = &json["report"]["gates"][0];
    assert_eq!(gate["answer"]["by"], "ada");
    assert_eq!(gate["items"][0]["answer"], serde_json::json!({ "is": "done" }));
    let given_up = serde_json::json!({ "is": "given-up", "why": "the partners left in May" });
    assert_eq!((&gate["items"][1]["id"], &gate["items"][1]["answer"]), (&"rule-2".into(), &given_up));
    let checklists = place.run(["--json", "status"]).exits(0).json();
    assert_eq!(checklists["checklists"][0]["items"][1]["answer"], given_up);
}

#[test]
fn a_checklist_is_gone_through_at_the_keyboard() {
    let (place, file) = planned();
    let folder = place.folder.display().to_string();
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(["run", "--yes", "--plan", &file]));
    running.reaches_gate(GATE);
    running.types("done all seen\ndone\nperhaps\ngiven-up the partners left\n\n");
    // An empty line in the middle: nothing of it counts.
    running.ends().exits(10);
    assert!(place.run(["--json", "status"]).exits(0).json()["gate"].is_object());
    let saved = place.program().args(["world", "act", &folder, "save", EXPORT, "rules"]).output().unwrap();
    assert!(saved.status.success());
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(["resume"]));
    running.types("done all seen\ndone\nperhaps\ngiven-up the partners left\ndone\n");
    running.reaches_gate("run-installer#2");
    running.types("\n");
    running.ends().exits(10);
    let report = place.run(["report"]).exits(0).stdout;
    assert!(report.contains("given up: the partners left") && report.contains("all seen"), "{report}");
}

#[test]
fn a_running_process_takes_the_items_in() {
    let (place, file) = planned();
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(["run", "--yes", "--plan", &file]));
    running.reaches_gate(GATE);
    let answer = ["answer", GATE, "done", "--item", "rule-1=given-up:from afar", "--all-items", "done"];
    assert!(place.run(answer).exits(0).stdout.contains("Handed to the running process"));
    // The file was never exported, so the gate asks again; what was said of the items stays.
    running.reaches_gate("export-rules#2");
    running.types("\n");
    running.ends().exits(10);
    assert!(place.run(["report"]).exits(0).stdout.contains("given up: from afar"));
}
