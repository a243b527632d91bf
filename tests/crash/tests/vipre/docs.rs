//! `docs/tested/vipre.md` names tests; each of them exists, and each row of the vendor's article is there.

use mailsec_crash_tests::named_tests;

#[test]
fn every_test_that_the_table_names_exists() {
    named_tests("docs/tested/vipre.md", "V", 15, 30);
}
