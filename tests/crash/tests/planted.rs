//! Bugs that are planted on purpose: the swarm must find each of them. What it finds in the engine as it is, is nothing;
//! that means something only together with this.

use mailsec_core::planted::{Bug, with};
use mailsec_crash_tests::{PRODUCTS, cases, parallel};
use mailsec_simulator::{
    explore::Medium,
    swarm::{Arena, arena_of},
};

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
            let wrong = with(bug, || arena.play(seed)).wrong.into_iter().next()?;
            // What is wrong without the bug is not found by it.
            if !arena.play(seed).wrong.is_empty() {
                return None;
            }
            Some((seed, arena.subject.name.clone(), wrong.to_string()))
        };
        (bug, (0..PATIENCE).find_map(broken))
    };
    let found = parallel::each(Bug::ALL.len(), parallel::cores(), find, |_| ());
    let mut missed = Vec::new();
    println!("| planted bug | seeds | found by |");
    println!("|---|---|---|");
    for (bug, found) in found {
        match found {
            Some((seed, _, rule)) => {
                let rule = rule.split(':').next().unwrap_or_default().to_owned();
                println!("| {bug:?} | {} | {rule} |", seed + 1);
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found in {PATIENCE} seeds: {missed:?}");
}
