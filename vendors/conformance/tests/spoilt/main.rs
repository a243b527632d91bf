//! Every check can fail: a vendor that is spoilt in one place is caught by the very check that is for it, and by no other.
#![allow(clippy::unwrap_used, reason = "tests, helpers included")]

mod operations;
mod plan;
mod product;
#[path = "../../example/tests/it/specimens.rs"]
mod specimens;

use mailsec_conformance::{Card, Check, certify, certify_with};
use mailsec_sample_guard::SampleGuard;
use product::{Spoilt, Where};
use std::collections::BTreeSet;

/// The sample's first upgrade, and its last: both with and without something to do for its own operation.
fn card(place: Where) -> Card {
    let product: &'static Spoilt = Box::leak(Box::new(Spoilt::new(place)));
    let whole = specimens::candidate(product);
    let first = whole.specimens()[0].clone().secret("guard-licence", "Sample-Licence-2026");
    let candidate = mailsec_conformance::Candidate::new(product, "1.0.0").specimen(first);
    certify_with(&candidate, "2026-01-01", 1, |_| ())
}

fn caught(place: Where, by: Check) {
    let card = card(place);
    let failed: Vec<Check> = card.failed().collect();
    assert_eq!(failed, [by], "{}", card.text());
    assert!(!card.passed);
    let wrong = &card.checks.iter().find(|checked| checked.check == by).unwrap().wrong;
    assert!(!wrong.is_empty());
}

macro_rules! spoilt {
    ($($(#[$doc:meta])* $name:ident: $place:ident, $check:ident;)*) => {
        $($(#[$doc])* #[test] fn $name() { caught(Where::$place, Check::$check); })*

        #[test]
        fn every_check_has_a_vendor_that_it_catches() {
            let here: BTreeSet<Check> = [$(Check::$check),*].into();
            let all: BTreeSet<Check> = Check::ALL.iter().copied().collect();
            assert_eq!(here, all);
        }
    };
}

spoilt! {
    an_article_that_is_no_link: Article, Description;
    a_method_that_nobody_has: AnyMethod, Methods;
    a_refusal_without_a_hint: NoHint, Refusals;
    a_refusal_with_a_code_that_has_no_page: NoPage, Refusals;
    a_product_that_is_found_everywhere: Everywhere, NotInstalled;
    questions_without_end: Questions, Gathering;
    a_plan_that_remembers_the_last_one: Memory, SameAnswer;
    a_fact_that_is_guessed: Guess, UnreadFacts;
    a_panic_at_an_empty_list: Panic, OddFacts;
    a_plan_that_changes_in_silence: Silence, OddFacts;
    a_plan_without_backup: NoBackup, Lint;
    a_plan_that_names_another_version: OtherVersion, PlanFacts;
    a_title_with_a_period: Title, PlanWords;
    a_secret_in_evidence: Secret, Secrets;
    an_observation_that_sends_mail: LooksAndSends, ObserveLooks;
    applied_before_it_ran: AlwaysApplied, ObserveBefore;
    a_look_that_writes: LookThatWrites, Apply;
    never_applied: NeverApplied, ObserveAfter;
    a_question_without_answer_taken_for_no: Blind, ObserveBlind;
    an_effect_that_grows: Grows, ApplyTwice;
    half_taken_for_whole: HalfIsWhole, ObserveHalf;
    half_taken_for_done: HalfIsDone, ApplyHalf;
    an_undo_that_does_nothing: NoUndo, Undo;
    an_undo_that_turns_round: Toggle, UndoTwice;
    an_undo_that_sees_only_whole_effects: WholeUndo, UndoHalf;
    a_step_that_always_fails: Fails, Undisturbed;
    a_step_that_knows_only_one_boot: OneBoot, Survives;
}

#[test]
fn unspoilt_it_passes() {
    let card = card(Where::Nowhere);
    card.assert();
    // Nothing of it needs an exception, and what was not shown is said.
    assert!(card.exceptions.is_empty(), "{}", card.text());
    assert!(card.not_shown.iter().any(|line| line.contains("no return")), "{}", card.text());
}

#[test]
fn an_exception_that_nothing_needs_is_no_exception() {
    let candidate = specimens::candidate(&SampleGuard).except(Check::Undo, "pause-updates", "for no reason");
    let card = certify(&candidate, "2026-01-01");
    assert_eq!(card.failed().collect::<Vec<_>>(), [Check::Undo]);
}

#[test]
fn an_exception_that_is_needed_is_on_the_card() {
    let product: &'static Spoilt = Box::leak(Box::new(Spoilt::new(Where::NoUndo)));
    let why = "it cannot be otherwise";
    let mut candidate = specimens::candidate(product);
    for check in [Check::Undo, Check::UndoTwice, Check::UndoHalf] {
        candidate = candidate.except(check, "pause-updates", why);
    }
    let card = certify(&candidate, "2026-01-01");
    assert!(card.exceptions.iter().any(|one| one.check == Check::Undo && one.why == why), "{}", card.text());
    assert!(card.text().contains(why));
}

#[test]
fn without_a_specimen_nothing_is_certified() {
    let card = certify(&mailsec_conformance::Candidate::new(&SampleGuard, "1.0.0"), "2026-01-01");
    assert!(!card.passed, "{}", card.text());
}

#[test]
fn a_card_is_80_columns_wide_reads_back_and_is_the_same_on_one_thread() {
    let candidate = specimens::candidate(&SampleGuard);
    let card = certify(&candidate, "2026-01-01");
    assert!(card.text().lines().all(|line| line.chars().count() <= 80), "{}", card.text());
    let read: Card = serde_json::from_slice(&serde_json::to_vec(&card).unwrap()).unwrap();
    assert_eq!(read, card);
    assert_eq!(certify_with(&candidate, "2026-01-01", 1, |_| ()), card);
}
