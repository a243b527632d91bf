//! Plans rehearsed on the servers that are built from their facts.

use crate::rebuilt::{captured, with};
use futures::executor::block_on;
use mailsec_core::{
    engine::{begin_rehearsed, load},
    host::Host,
    journal::{Journal, MemoryJournal, Stamp},
    upgrade::{Event, GateKind, Standing, Verdict},
    values::{Digest, UpgradeId},
};
use mailsec_crash_tests::{cases, parallel};
use mailsec_simulator::{
    SimHost,
    rehearsal::{Rehearsal, StruckEnd, rehearse},
    worlds,
};
use std::time::Instant;

fn rehearsal(name: &str, threads: usize) -> Rehearsal {
    let (product, plan, facts) = captured(&cases::case(name).unwrap());
    rehearse(product, &facts, &plan, "0.1.0", threads).unwrap()
}

#[test]
fn every_plan_is_rehearsed_and_every_run_comes_to_an_allowed_end() {
    let mut wrong = Vec::new();
    let mut runs = 0;
    for case in cases::all() {
        let (product, plan, facts) = captured(case);
        let began = Instant::now();
        let result = rehearse(product, &facts, &plan, "0.1.0", parallel::cores()).unwrap();
        println!("{}: {} points, {} runs, {:?}", case.name, result.points, result.runs, began.elapsed());
        runs += result.runs;
        let no_return = plan.steps.iter().position(|step| step.no_return).unwrap_or(usize::MAX);
        let stays = |step| plan.index(step).is_some_and(|index| index < no_return);
        assert!(
            result.rollback.kept.iter().all(|(step, _)| stays(step)),
            "{}: {:?}",
            case.name,
            result.rollback
        );
        wrong.extend(result.wrong.iter().map(|w| format!("{}, {}: {}", case.name, w.run, w.what.join("; "))));
        assert!(
            result.runs > 2 * result.points && result.points > 100,
            "{}: hardly anything was tried",
            case.name
        );
    }
    println!("{runs} runs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_told_is_what_happens() {
    let result = rehearsal("silent, held, with a restart", parallel::cores());
    let end = |fault: &str| result.faults.iter().find(|struck| struck.fault == fault).unwrap().end.clone();
    assert_eq!(end("installer fails"), StruckEnd::RolledBack);
    assert_eq!(end("installer has begun a restart"), StruckEnd::Succeeds);
    assert!(
        matches!(end("wrong password"), StruckEnd::Asks(asks) if asks.step.as_str() == "prove-credentials")
    );
    assert_eq!(result.faults.len(), worlds::named_faults().len());
    let step = |id: &str| result.rollback.steps.iter().find(|at| at.step.as_str() == id).unwrap();
    assert!(step("hold-mail").restored > 0 && step("hold-mail").differs.is_empty());
    // There is no way back from there.
    assert!(step("release-mail").asked > 0 && step("release-mail").restored == 0);
    assert!(result.rollback.requests_taken_back > 10 && result.rollback.requests_too_late > 0);
    assert_eq!(result.rollback.kept[0].0.as_str(), "back-up-settings");
    assert_eq!(result.unscanned, None, "mail is held");
    let stopped = result.stopped.unwrap();
    assert!(stopped.mail.held_ms > result.calm.held_ms, "a crash takes longer than none");
    assert!(result.slowest.unwrap().processes >= 1);
}

#[test]
fn mail_that_passes_unscanned_is_told_with_where_it_did() {
    let result = rehearsal("silent, unscanned", parallel::cores());
    let worst = result.unscanned.unwrap();
    assert!(worst.mail.unscanned_ms >= result.calm.unscanned_ms && !worst.run.is_empty());
}

#[test]
fn the_questions_of_an_attended_plan_are_told() {
    let result = rehearsal("attended, held", parallel::cores());
    assert!(result.planned_questions.iter().any(|asks| asks.step.as_str() == "run-installer"));
    assert!(result.planned_questions.iter().all(|asks| asks.why == GateKind::Planned));
}

#[test]
fn the_result_is_the_same_however_many_threads_worked_on_it() {
    let (one, many) = (rehearsal("silent, held", 1), rehearsal("silent, held", 4));
    assert_eq!(one, many);
    assert_eq!(one.hash(), many.hash());
    assert_eq!(Rehearsal::read(&many.sealed()), Some(one.clone()));
    let changed = String::from_utf8(one.sealed()).unwrap().replace("\"runs\": ", "\"runs\": 1");
    assert_eq!(Rehearsal::read(changed.as_bytes()), None);
}

/// The account is an administrator: planned all the same, it must show.
#[test]
fn a_plan_that_cannot_work_does_not_converge() {
    let case = cases::case("silent, held").unwrap();
    let (product, plan, facts) = with(&case, &[("\"rank\":\"plain\"", "\"rank\":\"domain_admin\"")]);
    let result = rehearse(product, &facts, &plan, "0.1.0", 1).unwrap();
    assert!(!result.converges());
    assert_eq!(result.noted().verdict, Verdict::Diverged);
    assert!(result.wrong[0].what[0].starts_with("check-account fails: "), "{:?}", result.wrong);
}

#[test]
fn a_rehearsal_is_journaled_with_its_plan_and_changes_nothing_of_the_upgrade() {
    let (_, plan, _) = captured(&cases::case("silent, held").unwrap());
    let host = SimHost::in_memory(worlds::vipre_45());
    let boot = block_on(host.power().boot()).unwrap();
    let stamp = Stamp { at: host.clock().now(), boot, engine: "0.1.0".into() };
    let upgrade = UpgradeId::from_u128(7);
    let noted = mailsec_core::upgrade::Rehearsed {
        plan: plan.hash(),
        result: Digest::of(b"result"),
        runs: 334,
        verdict: Verdict::Converged,
        mailsec: "0.1.0".to_owned(),
        other_facts: false,
    };
    let mut journal = MemoryJournal::new();
    let hash = plan.hash();
    begin_rehearsed(&mut journal, upgrade, &plan, hash, Some(noted.clone()), &stamp).unwrap();
    let envelopes = journal.read(upgrade).unwrap();
    assert_eq!(envelopes[1].event.known(), Some(&Event::Rehearsed(noted.clone())));
    let loaded = load(&envelopes);
    assert_eq!(loaded.state.standing, Standing::Planned);
    assert_eq!(loaded.report.rehearsed, Some(noted.clone()));
    let (mut alone, mut both) = (load(&envelopes[..1]).state, loaded.state);
    (alone.events, both.events) = (0, 0);
    assert_eq!(alone, both);
    let other = mailsec_core::upgrade::Rehearsed { plan: Digest::ZERO, ..noted };
    let refused = begin_rehearsed(&mut MemoryJournal::new(), upgrade, &plan, hash, Some(other), &stamp);
    assert_eq!(refused.unwrap_err().message, "this is not the plan that was rehearsed");
}
