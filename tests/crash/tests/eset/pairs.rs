//! Two crashes in one upgrade: the second in the recovery of the first, or right after it.

use mailsec_crash_tests::{Calm, case, check, report};
use mailsec_simulator::CrashAt;

/// Neighbours of a crash.
const NEAR: usize = 12;
/// One pair in so many is run, the same ones each time.
const ONE_IN: usize = 5;

fn pairs(name: &str, machine: bool) {
    let case = case(name);
    let planned = case.rig().unwrap();
    let calm = Calm::of(&case, &planned).unwrap();
    let mut wrong = Vec::new();
    let mut runs = 0;
    for first in 0..calm.points.len() {
        for second in (first + 1..first + NEAR).filter(|second| (first * 7 + second) % ONE_IN == 0) {
            let mut rig = planned.again();
            rig.machine_crash = machine;
            rig.host.set_tape(CrashAt::each([first, second]));
            let end = rig.run(&case.person(&rig.host));
            runs += 1;
            let found = check(&case, &rig, &end, &calm);
            if !found.is_empty() {
                wrong.push(format!("points {first} and {second}: {}", found.join("; ")));
            }
        }
    }
    println!("{runs} pairs");
    report(&wrong);
}

#[test]
fn two_crashes_near_each_other_in_the_manual_method() {
    pairs("manual, 6.5 to 11.1, held", true);
    pairs("manual, 6.5 to 11.1, held", false);
}

#[test]
fn two_crashes_near_each_other_in_place() {
    pairs("in place, held", true);
    pairs("in place, held", false);
}
