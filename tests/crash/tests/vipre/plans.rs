//! The plans themselves: their rules, their bytes, and the recovery table.

use mailsec_core::{
    failure::Code,
    plan::{Evidence, Flow, MailState, Observation, OnPartial, Operation, Outcome, Plan, Undo, lint},
    upgrade::{Found, recover},
    values::StepId,
};
use mailsec_crash_tests::{ALL, planned, subject};

#[test]
fn every_plan_keeps_the_rules_and_reads_back_with_the_same_hash() {
    for case in ALL {
        let plan = Plan::clone(&planned(case).trial().plan);
        assert_eq!(lint(&plan), [], "{}", case.name);
        let sealed = plan.sealed();
        let read = Plan::read(&sealed).unwrap();
        assert_eq!((&read, read.hash()), (&plan, plan.hash()), "{}", case.name);
        // What was shown is what runs: any change is another plan.
        for index in 0..plan.steps.len() {
            let mut other = plan.clone();
            other.steps[index].limit_secs += 1;
            assert_ne!(other.hash(), plan.hash(), "{}", case.name);
        }
        let edited = String::from_utf8(sealed).unwrap().replacen(
            "\"begins_per_step\": 12",
            "\"begins_per_step\": 99",
            1,
        );
        assert_eq!(Plan::read(edited.as_bytes()).unwrap_err().code, Code::PlanDamaged, "{}", case.name);
    }
}

fn at(plan: &Plan, id: &str) -> usize {
    plan.index(&StepId::new(id)).unwrap()
}

fn drop_step(plan: &mut Plan, id: &str) {
    let index = at(plan, id);
    plan.steps.remove(index);
}

fn swap(plan: &mut Plan, one: &str, other: &str) {
    let (one, other) = (at(plan, one), at(plan, other));
    plan.steps.swap(one, other);
    // The phases stay in order, so that only the rule about the steps can object.
    let phase = plan.steps[one].phase;
    plan.steps[one].phase = plan.steps[other].phase;
    plan.steps[other].phase = phase;
}

/// What is done to a good plan, and the rule that must object.
const SPOILED: &[(&str, fn(&mut Plan), &str)] = &[
    ("no backup", |p| drop_step(p, "back-up-settings"), "a backup before anything is detached"),
    (
        "backup too late",
        |p| swap(p, "back-up-settings", "close-console"),
        "a backup before anything is detached",
    ),
    (
        "installer not checked",
        |p| drop_step(p, "check-installer"),
        "the installer is checked before anything is detached",
    ),
    (
        "credentials not proven",
        |p| drop_step(p, "prove-credentials"),
        "credentials are proven before the point of no return",
    ),
    (
        "agents not unregistered",
        |p| drop_step(p, "unregister-agents"),
        "agents are unregistered before files change",
    ),
    (
        "agents unregistered too late",
        |p| swap(p, "unregister-agents", "restart-server"),
        "agents are unregistered before files change",
    ),
    (
        "agents not registered again",
        |p| drop_step(p, "register-agents"),
        "agents that were unregistered are registered again",
    ),
    ("no snapshot", |p| drop_step(p, "snapshot-agents"), "a step refers to an earlier one"),
    ("mail not held", |p| drop_step(p, "hold-mail"), "a step refers to an earlier one"),
    ("mail not released", |p| drop_step(p, "release-mail"), "mail flows, scanned, at the end"),
    (
        "version not verified",
        |p| p.steps.retain(|s| !matches!(s.operation, Operation::VerifyVersion { .. })),
        "the new version is verified",
    ),
    (
        "mail impact left out",
        |p| {
            let i = at(p, "hold-mail");
            p.steps[i].mail = None;
        },
        "every step that touches mail says what it does to it",
    ),
    (
        "mail flows unscanned",
        |p| {
            let i = at(p, "hold-mail");
            if let Some(mail) = &mut p.steps[i].mail {
                mail.after = MailState { flow: Flow::Flowing, scanned: false };
            }
        },
        "with mail held, none flows unscanned",
    ),
    (
        "budget too small",
        |p| p.budget.stopped_secs = 1,
        "the mail budget covers what the steps typically take",
    ),
    (
        "name twice",
        |p| {
            let id = p.steps[0].id.clone();
            p.steps[1].id = id;
        },
        "names are unique",
    ),
    ("no time limit", |p| p.steps[0].limit_secs = 0, "every step has a time limit and at least one try"),
    ("no reason", |p| p.steps[0].reason.clear(), "every step says what it does and why"),
    (
        "no undo",
        |p| {
            let i = at(p, "hold-mail");
            p.steps[i].undo = Undo::Nothing;
        },
        "a step that changes the server is undone, or says why not",
    ),
    (
        "two points of no return",
        |p| {
            let i = at(p, "hold-mail");
            p.steps[i].no_return = true;
        },
        "there is one point of no return",
    ),
    ("no steps", |p| p.steps.clear(), "a plan has steps"),
];

#[test]
fn a_good_plan_that_is_spoiled_breaks_the_rule_that_speaks_of_it() {
    let good = Plan::clone(&subject("silent, held").trial().plan);
    for (name, spoil, rule) in SPOILED {
        let mut plan = good.clone();
        spoil(&mut plan);
        let broken = lint(&plan);
        assert!(broken.iter().any(|failure| failure.message.contains(rule)), "{name}: {broken:?}");
    }
}

#[test]
fn the_recovery_table_reads_like_this() {
    let shown = || vec![Evidence::new("x", "y")];
    let applied = Observation::Applied(Outcome::default());
    let not_applied = Observation::NotApplied { evidence: shown() };
    let partial = Observation::Partial { evidence: shown() };
    let unknown = Observation::Unknown { evidence: shown() };
    let rows = [
        ("intent, of a step that only looks", Found::Intent { only_looks: true }),
        ("intent, of a step that changes", Found::Intent { only_looks: false }),
        ("restart intended, same boot", Found::RestartSameBoot),
        ("restart intended, new boot", Found::RestartNewBoot),
        ("gate open", Found::GateOpen),
        ("gate answered", Found::GateAnswered),
        ("question not durable yet", Found::Unasked),
        ("undo in flight", Found::Undo),
        ("seen applied", Found::Observed(&applied, OnPartial::Finish)),
        ("seen not applied", Found::Observed(&not_applied, OnPartial::Ask)),
        ("seen partial, safe to finish", Found::Observed(&partial, OnPartial::Finish)),
        ("seen partial, not safe", Found::Observed(&partial, OnPartial::Ask)),
        ("cannot be seen", Found::Observed(&unknown, OnPartial::Finish)),
    ];
    let table: String = rows.iter().map(|(found, row)| format!("{found:<36}{:?}\n", recover(*row))).collect();
    let golden = "\
intent, of a step that only looks   Run
intent, of a step that changes      Observe
restart intended, same boot         AwaitRestart
restart intended, new boot          Proven
gate open                           Wait
gate answered                       Verify
question not durable yet            Ask
undo in flight                      Observe
seen applied                        CountAsDone
seen not applied                    Run
seen partial, safe to finish        Run
seen partial, not safe              Ask
cannot be seen                      Ask
";
    assert_eq!(table, golden);
}
