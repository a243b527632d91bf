//! Two crashes in one upgrade: the second falls anywhere after the first, within its recovery above all.

use mailsec_crash_tests::{subject, survive_pairs};
use mailsec_simulator::CrashAt;

/// Neighbours of a crash: its recovery, and the steps right after it.
const NEAR: usize = 24;
/// Of the pairs that lie further apart, one in so many is run, the same ones each time.
const ONE_IN: usize = 23;

#[test]
fn two_crashes_near_each_other_and_a_sample_of_those_far_apart() {
    survive_pairs("silent, held, with a restart", |first, second| {
        second - first <= NEAR || (first * 31 + second).is_multiple_of(ONE_IN)
    });
}

#[test]
fn the_same_run_twice_is_the_same_to_the_last_byte() {
    let subject = subject("attended, unscanned, with a restart");
    let run = |point| {
        let mut trial = subject.trial();
        trial.host.set_tape(CrashAt::new(point));
        let end = trial.run(&subject.person(&trial.host));
        let lines = mailsec_core::journal::Journal::read(&trial.journal, trial.upgrade).unwrap();
        let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        (end, lines, trial.host.decisions(), trial.host.world())
    };
    for point in (0..130).step_by(13) {
        assert!(run(point) == run(point), "point {point}");
    }
}
