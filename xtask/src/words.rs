//! What must not stand in any file: a path that exists on one machine only, a merge that was not finished.

use crate::{
    files,
    run::{Checked, Shop},
};

/// Beginnings of paths that belong to whoever built, never to the project. Taken apart, so that this file may be checked too.
const PATHS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
/// Lines that git leaves in a file whose merge was not finished.
const MARKS: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

pub(crate) fn check(shop: &Shop) -> Checked {
    let mut wrong = Vec::new();
    let files = files::all(&shop.root)?;
    for file in &files {
        let Some(text) = files::text(file)? else { continue };
        for (number, word) in found(&text) {
            wrong.push(format!("{}:{number} has {word:?}", files::below(file, &shop.root)));
        }
    }
    files::verdict(&wrong, format!("{} files", files.len()))
}

/// Lines, from 1, with what must not stand in them.
fn found(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let path = PATHS.into_iter().find(|path| begins_path(line, path));
        let mark = MARKS.into_iter().find(|mark| line.starts_with(mark));
        found.extend(path.or(mark).map(|word| (index + 1, word)));
    }
    found
}

/// Whether the path begins there, and is not the middle of a longer one or of an address.
fn begins_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && !"._-~}".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_machine_is_found_where_it_begins() {
        for path in PATHS {
            assert_eq!(found(&format!("fine\nsee {path}somebody/x")), [(2, path)]);
            assert_eq!(found(&format!("\"{path}x\"")).len(), 1);
            assert_eq!(found(&format!("docs{path}x, https://example.org{path}x, ~{path}x")), []);
        }
    }

    #[test]
    fn an_unfinished_merge_is_found() {
        let text = format!("a\n{}HEAD\nb\n{}other\n", MARKS[0], MARKS[1]);
        assert_eq!(found(&text), [(2, MARKS[0]), (4, MARKS[1])]);
        assert_eq!(found("  <<<<<<< indented is somebody's text"), []);
    }
}
