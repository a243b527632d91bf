//! Bugs that are planted on purpose: the swarm must find each of them. What it finds in the engine as it is, is nothing;
//! that means something only together with this.

use mailsec_core::planted::{Bug, with};
use mailsec_crash_tests::{PRODUCTS, cases, parallel};
use mailsec_simulator::{
    explore::Medium,
    swarm::{Arena, Rule, arena_of},
};
use std::collections::BTreeSet;

/// Seeds after which a bug counts as not found.
const PATIENCE: u64 = 10_000;

#[test]
fn every_planted_bug_is_found() {
    let arenas: Vec<Arena> =
        cases::all().map(|case| Arena::of(&PRODUCTS, case, Medium::Typed).unwrap()).collect();
    let find = |index: usize| {
        let bug = Bug::ALL[index];
        let broken = |seed: u64| {
            let arena = arena_of(&arenas, seed)?;
            let wrong = with(bug, || arena.play(seed)).wrong;
            let rules: Vec<Rule> = wrong.iter().map(|violation| violation.rule).collect();
            let first = *rules.first()?;
            // What is wrong without the bug is not found by it.
            if !arena.play(seed).wrong.is_empty() {
                return None;
            }
            Some((seed, first, rules))
        };
        (bug, (0..PATIENCE).find_map(broken))
    };
    let found = parallel::each(Bug::ALL.len(), parallel::cores(), find, |_| ());
    let mut missed = Vec::new();
    let mut finders = BTreeSet::new();
    println!("| planted bug | seeds | found by |");
    println!("|---|---|---|");
    for (bug, found) in found {
        match found {
            Some((seed, rule, rules)) => {
                finders.extend(rules);
                println!("| {bug:?} | {} | {rule} |", seed + 1);
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found in {PATIENCE} seeds: {missed:?}");
    // A rule that finds none of them may be one that nothing can break.
    let idle: Vec<_> = Rule::ALL.iter().filter(|rule| !finders.contains(rule)).collect();
    assert!(idle.is_empty(), "these rules found no bug: {idle:?}");
}
