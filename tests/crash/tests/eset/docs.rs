//! `docs/tested/eset.md` names tests; each of them exists, and each row of the vendor's pages is there.

use mailsec_core::product::MailSecurityProduct;
use mailsec_crash_tests::named_tests;
use mailsec_eset::Eset;
use std::{fs, path::Path};

#[test]
fn every_test_that_the_table_names_exists() {
    named_tests("docs/tested/eset.md", "E", 10, 25);
    named_tests("docs/tested/eset-remote.md", "E", 0, 15);
}

#[test]
fn the_page_has_the_table_of_methods_as_the_program_prints_it() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/eset.md");
    let page = fs::read_to_string(page).unwrap();
    for row in Eset.methods() {
        let line = format!(
            "| [{}]({}) | {} | {} | {} | {} |",
            row.method.word(),
            row.source,
            row.from,
            row.to,
            row.servers,
            row.needs
        );
        assert!(page.contains(&line), "docs/eset.md lacks this row:\n{line}");
    }
}
