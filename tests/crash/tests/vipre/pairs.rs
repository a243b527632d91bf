//! Two crashes in one upgrade: the second falls anywhere after the first, within its recovery above all.

use mailsec_crash_tests::{Calm, Rig, case, check, report};
use mailsec_simulator::CrashAt;

/// Neighbours of a crash: its recovery, and the steps right after it.
const NEAR: usize = 24;
/// Of the pairs that lie further apart, one in so many is run, the same ones each time.
const ONE_IN: usize = 23;

/// Every pair of points at most [`NEAR`] apart, and every 23rd of the others.
#[test]
fn two_crashes_of_the_machine_near_each_other_and_a_sample_of_those_far_apart() {
    pairs(true);
}

#[test]
fn two_crashes_of_the_process_near_each_other_and_a_sample_of_those_far_apart() {
    pairs(false);
}

fn pairs(machine: bool) {
    let case = case("silent, held, with a restart");
    let planned = case.rig().unwrap();
    let calm = Calm::of(&case, &planned).unwrap();
    let mut wrong = Vec::new();
    let mut runs = 0;
    for first in 0..calm.points.len() {
        let points = crash_at(&planned, machine, &[first]).host.points().len();
        for second in first + 1..points {
            if second - first > NEAR && (first * 31 + second) % ONE_IN != 0 {
                continue;
            }
            let mut rig = planned.again();
            rig.machine_crash = machine;
            rig.host.set_tape(CrashAt::each([first, second]));
            let end = rig.run(&case.person(&rig.host));
            let found = check(&case, &rig, &end, &calm);
            runs += 1;
            if !found.is_empty() {
                wrong.push(format!("points {first} and {second}: {}", found.join("; ")));
            }
        }
    }
    println!("{runs} pairs");
    report(&wrong);
}

fn crash_at(planned: &Rig, machine: bool, points: &[usize]) -> Rig {
    let mut rig = planned.again();
    rig.machine_crash = machine;
    rig.host.set_tape(CrashAt::each(points.iter().copied()));
    rig.run(&mailsec_crash_tests::Person::away(&rig.host));
    rig
}

#[test]
fn the_same_run_twice_is_the_same_to_the_last_byte() {
    let case = case("attended, unscanned, with a restart");
    let planned = case.rig().unwrap();
    let run = |point| {
        let mut rig = planned.again();
        rig.host.set_tape(CrashAt::new(point));
        let end = rig.run(&case.person(&rig.host));
        let lines = mailsec_core::journal::Journal::read(&rig.journal, rig.upgrade).unwrap();
        let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        (end, lines, rig.host.decisions(), rig.host.world())
    };
    for point in (0..130).step_by(13) {
        assert!(run(point) == run(point), "point {point}");
    }
}
