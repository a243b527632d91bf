//! Every error code has its page in `docs/errors/`, and every page its code.

use crate::{
    files,
    run::{Checked, Shop},
};
use std::{collections::BTreeSet, fs, path::Path};

/// Where the codes are defined.
const SOURCE: &str = "core/src/failure.rs";
/// Where the pages are.
const PAGES: &str = "docs/errors";

pub(crate) fn check(shop: &Shop) -> Checked {
    let read = |path: &str| {
        fs::read_to_string(shop.root.join(path)).map_err(|error| format!("{path} cannot be read: {error}"))
    };
    let codes = codes(&read(SOURCE)?);
    let index = read(&format!("{PAGES}/README.md"))?;
    let wrong = compare(&codes, &pages(&shop.root.join(PAGES))?, &index);
    files::verdict(&wrong, format!("{} codes", codes.len()))
}

/// The codes in the call of `codes!`: lines that read `Name = "text",`. From the source, because this program is to
/// run before anything else is built; a test compares them with the type.
fn codes(source: &str) -> Vec<String> {
    let list = source.split_once("\ncodes! {").map_or("", |(_, list)| list);
    let code = |line: &str| {
        let (_, text) = line.trim().split_once(" = \"")?;
        Some(text.strip_suffix("\",")?.to_owned())
    };
    list.lines().take_while(|line| *line != "}").filter_map(code).collect()
}

/// Names and texts of the pages.
fn pages(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut pages = Vec::new();
    for file in files::all(folder)? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name != "README" {
            pages.push((name, files::text(&file)?.unwrap_or_default()));
        }
    }
    Ok(pages)
}

fn compare(codes: &[String], pages: &[(String, String)], index: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let known: BTreeSet<&String> = codes.iter().collect();
    let there: BTreeSet<&String> = pages.iter().map(|(name, _)| name).collect();
    if codes.is_empty() {
        wrong.push(format!("no codes were found in {SOURCE}"));
    }
    wrong.extend(known.difference(&there).map(|code| format!("{code} has no page {PAGES}/{code}.md")));
    wrong.extend(there.difference(&known).map(|name| format!("{PAGES}/{name}.md is no error code's")));
    for (name, text) in pages {
        if text.lines().next() != Some(&format!("# `{name}`")) {
            wrong.push(format!("{PAGES}/{name}.md does not begin with the title `{name}`"));
        }
        if !index.contains(&format!("({name}.md)")) {
            wrong.push(format!("{PAGES}/README.md does not link to {name}.md"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailsec_core::Code;

    #[test]
    fn the_codes_in_the_source_are_those_of_the_type() {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes(include_str!("../../core/src/failure.rs")), known);
    }

    #[test]
    fn codes_and_pages_are_compared_both_ways() {
        let page = |name: &str, title: &str| (name.to_owned(), format!("# `{title}`\n"));
        let codes = ["one".to_owned(), "two".to_owned()];
        let index = "[one](one.md) [two](two.md) [three](three.md)";
        assert_eq!(compare(&codes, &[page("one", "one"), page("two", "two")], index), [""; 0]);
        assert_eq!(compare(&codes, &[page("one", "one")], index).len(), 1);
        assert_eq!(compare(&codes, &[page("one", "one"), page("two", "other")], index).len(), 1);
        assert_eq!(
            compare(&codes, &[page("one", "one"), page("two", "two"), page("three", "three")], index).len(),
            1
        );
        assert_eq!(compare(&codes, &[page("one", "one"), page("two", "two")], "[one](one.md)").len(), 1);
        assert_eq!(compare(&[], &[], "").len(), 1);
    }
}
