//! What somebody may have meant who mistyped a word.

use mailsec_core::Failure;

/// The failure, with the nearest of the words that there are in its hint.
pub(crate) fn did_you_mean<'w>(
    failure: Failure,
    typed: &str,
    words: impl IntoIterator<Item = &'w str>,
) -> Failure {
    let Some(word) = nearest(typed, words) else { return failure };
    let hint = match &failure.hint {
        Some(hint) => format!("did you mean {word}? {hint}"),
        None => format!("did you mean {word}?"),
    };
    failure.hint(hint)
}

/// The nearest word, if one is near: a letter of three may be wrong, swapped or missing.
pub(crate) fn nearest<'w>(typed: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let typed = typed.to_lowercase();
    let far = |word: &str| strsim::damerau_levenshtein(&typed, &word.to_lowercase());
    let near = words.into_iter().map(|word| (far(word), word));
    let (far, word) = near.min_by_key(|(far, _)| *far)?;
    (far <= typed.chars().count().max(3) / 3).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let words = ["retry", "roll-back", "abandon"];
        assert_eq!(nearest("rety", words), Some("retry"));
        assert_eq!(nearest("rollback", words), Some("roll-back"));
        assert_eq!(nearest("ABANDNO", words), Some("abandon"));
        assert_eq!(nearest("yes", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("rety", []), None);
    }
}
