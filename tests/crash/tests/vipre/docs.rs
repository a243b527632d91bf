//! `docs/tested/vipre.md` names tests; each of them exists, and each row of the vendor's article is there.

use std::{fs, path::Path};

#[test]
fn every_test_that_the_table_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/tested/vipre.md")).unwrap();
    for row in 1..=15 {
        assert!(page.contains(&format!("| V{row} |")), "V{row} is not in the table");
    }
    let mut named = 0;
    for name in page.split('`').filter(|part| part.contains(".rs::")) {
        let (file, test) = name.split_once("::").unwrap();
        let source = fs::read_to_string(root.join(file)).unwrap_or_else(|why| panic!("{file}: {why}"));
        assert!(source.contains(&format!("fn {test}(")), "there is no test {name}");
        named += 1;
    }
    assert!(named > 30, "only {named} tests are named");
}
