//! `docs/tested/eset.md` names tests; each of them exists, and each row of the vendor's pages is there.

use mailsec_crash_tests::named_tests;

#[test]
fn every_test_that_the_table_names_exists() {
    named_tests("docs/tested/eset.md", "E", 10, 25);
    named_tests("docs/tested/eset-remote.md", "E", 0, 15);
}
