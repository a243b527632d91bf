//! Colour, as an editor highlights a text: the words are the same with and without it, and no text that comes from
//! elsewhere can ask for it.

use std::borrow::Cow;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GOOD: &str = "\x1b[32m";
const LOOK: &str = "\x1b[33m";
const BAD: &str = "\x1b[1;31m";
const HINT: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

/// Words that nobody must miss. They are in capitals for those who see no colour.
const ALARMS: [&str; 11] = [
    "FAILED",
    "UNSCANNED",
    "OVER THE BUDGET",
    "DAMAGED",
    "WRONG",
    "WENT WRONG",
    "BEGUN",
    "NOT REHEARSED",
    "ALARMS",
    "NOW",
    "LOST",
];

/// What a line may begin with, after spaces; the rest of the line stays plain.
const FIRST: [(&str, &str); 15] = [
    ("error[", BAD),
    ("blocker", BAD),
    ("warning", LOOK),
    ("note ", DIM),
    ("QUESTION", LOOK),
    ("done ", GOOD),
    ("found ", GOOD),
    ("undone ", LOOK),
    ("kept ", DIM),
    ("looked ", HINT),
    ("skipped ", DIM),
    ("expected:", DIM),
    ("found:", DIM),
    ("because:", DIM),
    ("hint:", HINT),
];

/// The text, painted line by line. Give it nothing that has control characters.
pub(super) fn painted(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let next = lines.get(index + 1).copied().unwrap_or_default();
        match is_heading(line, next) {
            true => out.push_str(&format!("{BOLD}{line}{PLAIN}")),
            false => out.push_str(&body(line)),
        }
    }
    out
}

/// A short line at the margin, with what belongs to it below.
fn is_heading(line: &str, next: &str) -> bool {
    let first = line.chars().next();
    // A longer one is a sentence that goes on in the next line.
    line.chars().count() <= 40
        && first.is_some_and(char::is_alphabetic)
        && next.starts_with("  ")
        && !line.contains("  ")
        && !line.ends_with(['.', ':', ','])
        && !FIRST.iter().any(|(word, _)| line.starts_with(word))
}

fn body(line: &str) -> Cow<'_, str> {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    let begins = FIRST.iter().find(|(word, _)| trimmed.starts_with(word));
    if let Some((word, style)) = begins {
        let end = match *word {
            // Up to the colon: the code belongs to it.
            "error[" => trimmed.find(':').unwrap_or(trimmed.len()),
            word => word.trim_end().len(),
        };
        let (head, rest) = trimmed.split_at(end);
        return format!("{}{style}{head}{PLAIN}{}", &line[..indent], alarms(rest)).into();
    }
    alarms(line)
}

fn alarms(line: &str) -> Cow<'_, str> {
    let found = ALARMS.iter().filter_map(|word| whole(line, word).map(|at| (at, *word)));
    // The longest of those that begin first: "WENT WRONG" before "WRONG".
    match found.min_by_key(|(at, word)| (*at, usize::MAX - word.len())) {
        None => line.into(),
        Some((at, word)) => {
            let (before, rest) = line.split_at(at);
            let (word, after) = rest.split_at(word.len());
            format!("{before}{BAD}{word}{PLAIN}{}", alarms(after)).into()
        }
    }
}

/// Where a word stands by itself.
fn whole(line: &str, word: &str) -> Option<usize> {
    let bounds = |at: usize| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    line.match_indices(word).map(|(at, _)| at).find(|at| bounds(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let styles = [BOLD, DIM, GOOD, LOOK, BAD, HINT, PLAIN];
        styles.iter().fold(text.to_owned(), |text, style| text.replace(style, ""))
    }

    #[test]
    fn only_words_are_painted_and_none_is_changed() {
        let text = "error[blocked]: no: FAILED\n  hint:     do it\n\nsurvey\n  1. look\nMail flows UNSCANNED, and UNSCANNEDX";
        let painted = painted(text);
        assert_eq!(plain(&painted), text);
        assert!(painted.starts_with(&format!("{BAD}error[blocked]{PLAIN}: no: {BAD}FAILED{PLAIN}\n")));
        assert!(painted.contains(&format!("  {HINT}hint:{PLAIN}     do it")));
        assert!(painted.contains(&format!("\n{BOLD}survey{PLAIN}\n  1. look")));
        assert!(painted.ends_with(&format!("{BAD}UNSCANNED{PLAIN}, and UNSCANNEDX")));
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_text_says_it_says_the_same_painted(text in "[ a-zA-Zß:.\n\\[]{0,20}(FAILED|done |NOW|hint:|WENT WRONG)?[ a-zä:\n]{0,20}") {
            proptest::prop_assert_eq!(plain(&painted(&text)), text);
        }
    }
}
