//! Wrapping and times.

use mailsec_core::values::Timestamp;
use std::{io::IsTerminal, sync::OnceLock};

/// Columns of a text that goes to no terminal.
const USUAL: usize = 80;
/// Beyond this lines are long to read, however wide the terminal.
const WIDEST: usize = 100;
/// Below this nothing fits; the terminal breaks the lines then.
const NARROWEST: usize = 40;

/// How wide a text may be: as the terminal is, within reason; what goes into a file is the same everywhere.
pub(crate) fn columns() -> usize {
    static COLUMNS: OnceLock<usize> = OnceLock::new();
    *COLUMNS.get_or_init(|| {
        let wide = match std::io::stdout().is_terminal() {
            true => terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0),
            false => None,
        };
        wide.map_or(USUAL, |width| usize::from(width).clamp(NARROWEST, WIDEST))
    })
}

/// Wraps text to the columns that there are: the first line after `first`, the others after `rest`.
pub(crate) fn wrap(first: &str, rest: &str, text: &str) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > columns() {
            out.push_str(line.trim_end());
            out.push('\n');
            rest.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

/// Breaks text at the last column wherever it is: values and paths have no good places.
pub(super) fn fold(first: &str, rest: &str, text: &str) -> String {
    let mut out = first.to_owned();
    let mut left = columns().saturating_sub(first.chars().count()).max(1);
    for char in text.chars() {
        if left == 0 {
            out.push('\n');
            out.push_str(rest);
            left = columns().saturating_sub(rest.chars().count()).max(1);
        }
        out.push(char);
        left -= 1;
    }
    out.push('\n');
    out
}

/// Milliseconds as a person says them.
pub(crate) fn span(ms: u64) -> String {
    match (ms / 1000, ms % 1000) {
        (0, 0) => "0 s".to_owned(),
        (secs @ 0..10, ms) => format!("{secs}.{} s", ms / 100),
        (secs @ 10..120, _) => format!("{secs} s"),
        (secs @ 120..7200, _) => format!("{} min {:02} s", secs / 60, secs % 60),
        (secs, _) => format!("{} h {:02} min", secs / 3600, secs / 60 % 60),
    }
}

/// The time of day, UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// The day and the time of day, UTC.
pub(crate) fn day_clock(at: Timestamp) -> String {
    at.to_string().get(..19).unwrap_or_default().replace('T', " ")
}

/// A document as it may leave the program: what a page, a parser or a terminal would obey and not show is written as
/// `\u{..}`. Lines stay lines.
pub(crate) fn harmless(document: &str) -> String {
    let lines: Vec<String> = document.split('\n').map(mailsec_eset::settings::printable).collect();
    lines.join("\n").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_a_terminal() {
        let text = "word ".repeat(60);
        let wrapped = wrap("   1. ", "      ", &text);
        assert!(wrapped.lines().all(|line| line.chars().count() <= 80));
        assert_eq!(wrapped.matches("word").count(), 60);
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("      word")));
    }

    #[test]
    fn a_value_without_spaces_is_broken_and_whole() {
        let folded = fold("  - ", "    ", &"x".repeat(300));
        assert!(folded.lines().all(|line| line.chars().count() <= 80));
        assert_eq!(folded.matches('x').count(), 300);
    }

    #[test]
    fn spans_read_naturally() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(2_340), "2.3 s");
        assert_eq!(span(61_000), "61 s");
        assert_eq!(span(125_000), "2 min 05 s");
        assert_eq!(span(26_000_000), "7 h 13 min");
    }
}
