//! One crash at every point of every plan, of the machine and of the process alone: each run must come to the very
//! server, settings included, that an undisturbed one comes to. The plans are in `mailsec_crash_tests::eset::ALL`.

use mailsec_crash_tests::{Case, eset::ALL, survive_every_point};

fn named(start: &str) -> Vec<Case> {
    ALL.iter().filter(|case| case.name.starts_with(start)).copied().collect()
}

#[test]
fn survived_at_every_point_of_the_manual_method_from_6_5() {
    survive_every_point(&named("manual, 6.5"));
}

#[test]
fn survived_at_every_point_of_the_manual_method_from_4_5() {
    survive_every_point(&named("manual, 4.5"));
}

#[test]
fn survived_at_every_point_of_the_manual_method_from_7_3() {
    survive_every_point(&named("manual, 7.3"));
}

#[test]
fn survived_at_every_point_with_a_password_and_a_signed_file() {
    survive_every_point(&named("manual, protected"));
}

#[test]
fn survived_at_every_point_of_installers_that_do_things_their_own_way() {
    survive_every_point(&named("manual, the"));
}

#[test]
fn survived_at_every_point_of_the_method_in_place() {
    survive_every_point(&named("in place"));
}
