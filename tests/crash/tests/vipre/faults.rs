//! What goes wrong on servers, by name: it strikes after the plan was made, and nobody is there. Each row says how
//! the upgrade ends with mail held, and with mail let through. Wherever it ends as rolled back, or a gate waits
//! before anything was detached, the server is as it was.

use mailsec_core::plan::UnscannedPolicy;
use mailsec_crash_tests::{End, Person, Rig, request, unchanged};
use mailsec_simulator::{Fault, worlds::{named_faults, vipre_45}};

/// How an upgrade ended, in short.
fn run(fault: &Fault, unscanned: UnscannedPolicy) -> (String, Rig, Person) {
    let mut wanted = request();
    wanted.unscanned = unscanned;
    let mut rig = Rig::plan(vipre_45(), &wanted).unwrap().struck_by(|world| fault.apply(world));
    let person = Person::away(&rig.host);
    let end = match rig.run(&person) {
        End::Finished(how) => format!("{how:?}"),
        End::Waiting(gate) => format!("asks: {gate}"),
        other => format!("{other:?}"),
    };
    (end, rig, person)
}

const TABLE: &[(&str, &str, &str)] = &[
];

#[test]
fn every_named_fault_ends_in_a_safe_state() {
    let mut found = Vec::new();
    for (name, fault) in named_faults() {
        let ends = [UnscannedPolicy::Hold, UnscannedPolicy::Allow].map(|unscanned| {
            let (end, rig, _) = run(&fault, unscanned);
            if end == "RolledBack" {
                let wrong = unchanged(&rig.before, &rig);
                assert!(wrong.is_empty(), "{name}, {unscanned:?}: {}", wrong.join("; "));
            }
            end
        });
        found.push((name, ends));
    }
    for (name, [held, allowed]) in &found { println!("    ({name:?}, {held:?}, {allowed:?}),"); }
    assert_eq!(found.len(), TABLE.len());
    for ((name, ends), (row, held, allowed)) in found.iter().zip(TABLE) {
        assert_eq!((*name, ends[0].as_str(), ends[1].as_str()), (*row, *held, *allowed));
    }
}
