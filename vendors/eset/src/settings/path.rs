//! Where a setting stands: `plugins/01000101/settings/ExcludedProcesses`.

use super::element::Element;

/// What stands instead of a value that may be a secret.
pub const MASK: &str = "(masked)";

/// A name as a part of a path: what would be taken for punctuation, and what a terminal would obey, as `%XX`.
pub(super) fn escape(name: &str) -> String {
    if name.is_empty() {
        return "<>".to_owned();
    }
    if is_plain(name) {
        return name.to_owned();
    }
    let mut text = String::with_capacity(name.len());
    for char in name.chars() {
        match char {
            '/' | '%' | '@' | '[' | '<' | '#' => text.push_str(&format!("%{:02X}", u32::from(char))),
            _ if commands(char) => text.push_str(&format!("%{:02X}", u32::from(char))),
            _ => text.push(char),
        }
    }
    text
}

/// Whether a name has nothing in it that could need care: quick, because every element has names.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Whether a terminal or a page would obey a character and not show it: controls, and what turns the direction.
fn commands(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A value as it may be printed: what would be obeyed and not shown is written as `\u{..}`.
#[must_use]
pub fn printable(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for char in value.chars() {
        if commands(char) { text.extend(char.escape_default()) } else { text.push(char) }
    }
    text
}

/// Words in names that hint at a secret. A list too many is masked rather than a password shown.
const TELLTALE: [&str; 7] = ["pass", "pwd", "secret", "key", "token", "credential", "hash"];

/// The words of a text that hint at a secret.
pub(crate) fn telltale(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    TELLTALE.into_iter().filter(|word| text.contains(word)).collect()
}

/// Whether a name looks as if a secret stood below it.
fn sounds_secret(name: &str) -> bool {
    !telltale(name).is_empty()
}

/// Whether a value must not be shown, by its own TYPE and the name of its attribute.
///
/// Sources know the types `string` and `number`. What another type holds nobody says, so it is not shown.
pub(super) fn hides(kind: Option<&str>, attribute: &str) -> bool {
    kind.is_some_and(|kind| !matches!(kind, "string" | "number")) || sounds_secret(attribute)
}

/// A path that grows and shrinks with a walk.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    text: String,
    /// Where the path ended before each part.
    parts: Vec<usize>,
}

impl Path {
    /// Goes into an element.
    pub(super) fn push(&mut self, element: &Element) {
        self.parts.push(self.text.len());
        let separate = !self.text.is_empty();
        match element.plain_name() {
            Some(name) => {
                self.text.extend(separate.then_some('/'));
                self.text.push_str(name);
            }
            None => {
                if let Some(segment) = element.segment() {
                    self.text.extend(separate.then_some('/'));
                    self.text.push_str(&segment);
                }
            }
        }
    }

    pub(super) fn pop(&mut self) {
        if let Some(before) = self.parts.pop() {
            self.text.truncate(before);
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn depth(&self) -> usize {
        self.parts.len()
    }

    /// Whether a part of it looks as if a secret stood below it. Asked only for what is kept.
    pub(super) fn is_secret(&self) -> bool {
        sounds_secret(&self.text)
    }
}

/// Whether `path` is `prefix` or stands below it.
#[must_use]
pub(super) fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '@', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_means_whole_parts() {
        assert!(is_below("plugins/1/a", "plugins/1"));
        assert!(is_below("plugins/1@DELETE", "plugins/1/"));
        assert!(!is_below("plugins/10", "plugins/1"));
    }

    #[test]
    fn a_secret_taints_what_is_below_it_and_nothing_beside() {
        let mut path = Path::default();
        let mut element = Element::default();
        let mut push = |path: &mut Path, name| {
            element.reset("ITEM");
            element.push("NAME", name);
            path.push(&element);
        };
        push(&mut path, "LicensePassword");
        push(&mut path, "hash");
        assert!(path.is_secret());
        path.pop();
        path.pop();
        push(&mut path, "port");
        assert!(!path.is_secret());
    }

    #[test]
    fn names_cannot_forge_a_path_or_drive_a_terminal() {
        assert_eq!(escape("a/b\u{1b}[2J"), "a%2Fb%1B%5B2J");
        assert_eq!(escape("100%"), "100%25");
    }
}
