//! Long lists, cut to what one envelope of the journal takes (64 KiB, with everything else in it).

use crate::settings::{Signature, printable};
use mailsec_core::plan::Evidence;

/// Bytes of a list of facts. Twice that, should every character need an escape, still leaves room.
const FACTS: usize = 20 * 1024;
/// Bytes of a list within a question, which has two of them and a checklist beside.
const WORDS: usize = 5 * 1024;

/// A text of at most so many characters, with nothing in it that a terminal would obey.
pub(super) fn short(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// As many facts as fit; one more says how many are left out, and where all of them are.
pub(super) fn facts(all: impl IntoIterator<Item = Evidence>, elsewhere: &str) -> Vec<Evidence> {
    let size = |fact: &Evidence| fact.of.len() + fact.seen.len();
    let (mut kept, left) = fitting(all, FACTS, size);
    if left > 0 {
        kept.push(Evidence::new(format!("{left} more"), format!("all of them are in {elsewhere}")));
    }
    kept
}

/// As many lines as fit, as one text.
pub(super) fn line(all: impl IntoIterator<Item = String>) -> String {
    let (mut kept, left) = fitting(all, WORDS, String::len);
    if left > 0 {
        kept.push(format!("and {left} more"));
    }
    kept.join("; ")
}

fn fitting<T>(all: impl IntoIterator<Item = T>, most: usize, size: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
    let (mut kept, mut left, mut taken) = (Vec::new(), 0, 0);
    for one in all {
        taken += size(&one);
        if left == 0 && taken <= most {
            kept.push(one);
        } else {
            left += 1;
        }
    }
    (kept, left)
}

/// What a signature looks like, in words.
pub(super) fn signed(signature: Signature) -> &'static str {
    match signature {
        Signature::None => "not signed",
        Signature::V2 => "signed (version 2)",
        Signature::OtherForm => "signed in a form that only the product can tell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_any_length_fits_and_what_is_left_out_is_counted() {
        let all = (0..5_000).map(|n| Evidence::new(format!("rule {n}"), "x".repeat(100)));
        let kept = facts(all, "the export");
        assert!(kept.iter().map(|fact| fact.of.len() + fact.seen.len()).sum::<usize>() < FACTS + 100);
        assert_eq!(
            kept.last().map(|fact| fact.of.clone()),
            Some(format!("{} more", 5_000 - (kept.len() - 1)))
        );
        assert_eq!(facts([Evidence::new("a", "b")], "x"), [Evidence::new("a", "b")]);
        assert!(line((0..10_000).map(|n| n.to_string())).len() < WORDS * 2);
        assert_eq!(short("grün\u{202e}", 3), "grü…");
    }
}
