//! One crash at every point of every plan, of the machine and of the process alone: each run must come to the very
//! server that an undisturbed one comes to. The plans are in the table of `mailsec_crash_tests::ALL`.

use mailsec_crash_tests::{ALL, Case, survive_every_point};

fn named(words: &[&str]) -> Vec<Case> {
    ALL.iter().filter(|case| words.iter().any(|word| case.name.starts_with(word))).copied().collect()
}

#[test]
fn survived_at_every_point_of_the_silent_upgrade() {
    survive_every_point(&named(&["silent"]));
}

#[test]
fn survived_at_every_point_of_the_attended_upgrade() {
    survive_every_point(&named(&["attended"]));
}

#[test]
fn survived_at_every_point_of_a_password_reset() {
    survive_every_point(&named(&["password"]));
}

#[test]
fn survived_at_every_point_of_an_account_change() {
    survive_every_point(&named(&["account", "another"]));
}

#[test]
fn survived_at_every_point_of_an_export_of_rules() {
    survive_every_point(&named(&["rules"]));
}

#[test]
fn survived_at_every_point_of_installers_that_do_things_their_own_way() {
    survive_every_point(&named(&["installer"]));
}
