//! Two crashes in one upgrade: the second in the recovery of the first, or right after it.

use mailsec_crash_tests::survive_pairs;

/// Neighbours of a crash.
const NEAR: usize = 12;
/// One pair in so many is run, the same ones each time.
const ONE_IN: usize = 5;

fn near(first: usize, second: usize) -> bool {
    second - first < NEAR && (first * 7 + second).is_multiple_of(ONE_IN)
}

#[test]
fn two_crashes_near_each_other_in_the_manual_method() {
    survive_pairs("manual, 6.5 to 11.1, held", near);
}

#[test]
fn two_crashes_near_each_other_in_place() {
    survive_pairs("in place, held", near);
}
