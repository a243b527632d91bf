//! `docs/contributing/add-a-vendor.md` shows pieces of this crate, as they are, in the order of each file.

use std::{collections::BTreeMap, fs, path::Path};

/// Files of which the page must show something.
const SHOWN: [&str; 11] = [
    "Cargo.toml",
    "src/names.rs",
    "src/lib.rs",
    "src/methods.rs",
    "src/detect.rs",
    "src/assess.rs",
    "src/plan.rs",
    "src/operations.rs",
    "tests/it/specimens.rs",
    "tests/it/first.rs",
    "tests/it/certified.rs",
];

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/contributing/add-a-vendor.md");
    fs::read_to_string(path).unwrap()
}

/// The page has this card, whatever its numbers are by now.
pub(crate) fn shows(card: &str) {
    let words = |text: &str| -> Vec<String> {
        let counted = |c: char| if c.is_ascii_digit() || c == ',' { '#' } else { c };
        let word = |word: &str| word.chars().map(counted).collect::<String>().trim_matches('#').to_owned();
        text.split_whitespace().map(word).collect()
    };
    let page = page();
    let block = page.split("```text\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap();
    assert_eq!(words(block), words(card), "the card on the page is not the one that is given");
}

#[test]
fn every_piece_of_code_on_the_page_is_in_its_file() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = page();
    let mut read: BTreeMap<&str, (String, usize)> = BTreeMap::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        // Other blocks show commands and what they print.
        let Some((_, file)) = fence.split_once(" file=") else { continue };
        let text = block.join("\n");
        let (content, from) = read.entry(file).or_insert_with(|| {
            (fs::read_to_string(own.join(file)).unwrap_or_else(|why| panic!("{file}: {why}")), 0)
        });
        let at = content[*from..].find(&text);
        let at = at.unwrap_or_else(|| panic!("{file} does not have, behind what was shown before:\n{text}"));
        *from += at + text.len();
    }
    let shown: Vec<&str> = read.keys().copied().collect();
    let mut wanted = SHOWN.to_vec();
    wanted.sort_unstable();
    assert_eq!(shown, wanted);
}
