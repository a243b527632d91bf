//! The fixed part of the swarm: the same seeds each time, on every medium, each of them twice.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests, helpers included")]

use mailsec_crash_tests::{PRODUCTS, cases, parallel};
use mailsec_simulator::{
    explore::Medium,
    swarm::{Arena, Coverage, Found, Manner, search},
};

/// What a swarm that finds nothing must have met: otherwise it says nothing about it.
const SOMETIMES: &[&str] = &[
    "recovery: intent, of a step that looks",
    "recovery: intent, of a step that changes",
    "recovery: restart intended, same boot",
    "recovery: restart intended, new boot",
    "recovery: gate open",
    "recovery: gate answered",
    "recovery: question not durable yet",
    "recovery: undo in flight",
    "recovery: seen applied",
    "recovery: seen not applied",
    "recovery: seen partial, safe to finish",
    "recovery: between two steps",
    "recovery: restart that nobody asked for",
    "gate: planned",
    "gate: failed",
    "gate: indoubt",
    "gate: undofailed",
    "gate: budget",
    "gate: restart",
    "ended: succeeded",
    "ended: rolledback",
    "ended: abandoned",
    "observed: run-installer, applied",
    "observed: run-installer, not applied",
    "observed: run-installer, partial",
    "observed: uninstall, applied",
    "observed: uninstall, not applied",
    "observed: register-agents, partial",
    "observed: unregister-agents, partial",
    "observed: hold-mail, partial",
    "failed with: installer-failed",
    "failed with: installer-busy",
    "failed with: installer-cancelled",
    "failed with: service-start",
    "failed with: time-limit",
    "failed with: disk-full",
    "failed with: mail-probe",
    "failed with: directory",
    "failed with: password-wrong",
    "honoured: pause",
    "declined: roll back",
    "failed with: account-is-admin",
    "turned out: person: answers, 1",
    "turned out: person: answers, 2",
    "turned out: person: lies, 1",
    "turned out: person: asks for, 1",
    "turned out: person: comes back, 1",
];

fn played(medium: Medium, seeds: usize) -> (Vec<Arena>, Found) {
    let arenas: Vec<Arena> = cases::all().map(|case| Arena::of(&PRODUCTS, case, medium).unwrap()).collect();
    let found = search(&arenas, 0, seeds, Manner { twice: true, threads: parallel::cores() }, |_| ());
    assert_eq!(found.unsteady, [0; 0], "{medium:?}: these did not go the same way twice");
    assert!(found.broken.is_empty(), "{medium:?}: {:?}", found.broken);
    println!("{medium:?}: seeds 0 to {}, {} events, {} processes", seeds - 1, found.events, found.processes);
    (arenas, found)
}

#[test]
fn no_rule_is_broken_and_every_seed_goes_the_same_way_twice() {
    let mut coverage = Coverage::default();
    let mut arenas = Vec::new();
    for (medium, seeds) in [(Medium::Typed, 2_500), (Medium::Sealed, 500), (Medium::Device, 1_000)] {
        let (of, found) = played(medium, seeds);
        coverage.add(found.coverage);
        arenas = of;
    }
    let missed: Vec<_> = SOMETIMES.iter().filter(|what| !coverage.0.contains_key(**what)).collect();
    assert!(missed.is_empty(), "never met: {missed:?}; all that was: {:#?}", coverage.0);
    println!("could have happened and did not: {:#?}", coverage.never(&arenas));
}
