//! A page that says which test shows what.

use std::{fs, path::Path};

/// Checks that a page has so many rows, and names at least so many tests, each of which exists.
///
/// # Panics
/// When it does not.
pub fn named_tests(page: &str, letter: &str, rows: u32, least: u32) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_else(|why| panic!("{file}: {why}"));
    let text = read(page);
    for row in 1..=rows {
        assert!(text.contains(&format!("| {letter}{row} |")), "{letter}{row} is not in the table");
    }
    let mut named = 0;
    for name in text.split('`').filter(|part| part.contains(".rs::")) {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        assert!(read(file).contains(&format!("fn {test}(")), "there is no test {name}");
        named += 1;
    }
    assert!(named > least, "only {named} tests are named");
}
