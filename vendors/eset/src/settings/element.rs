//! One element of an export, and how it is called.

use super::path;

/// An element's tag and attributes, in memory that is used again for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Tag, then keys and values.
    text: String,
    tag: usize,
    /// Where a key ends, and where its value ends.
    ends: Vec<(usize, usize)>,
}

impl Element {
    /// The tag under which text is kept that stands between elements.
    pub(super) const TEXT: &'static str = "#text";

    pub(super) fn reset(&mut self, tag: &str) {
        self.text.clear();
        self.ends.clear();
        self.text.push_str(tag);
        self.tag = tag.len();
    }

    pub(super) fn push(&mut self, key: &str, value: &str) {
        self.text.push_str(key);
        let key_end = self.text.len();
        self.text.push_str(value);
        self.ends.push((key_end, self.text.len()));
    }

    pub(super) fn tag(&self) -> &str {
        &self.text[..self.tag]
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut from = self.tag;
        self.ends.iter().map(move |(key, value)| {
            let pair = (&self.text[from..*key], &self.text[*key..*value]);
            from = *value;
            pair
        })
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.attributes().find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.get("NAME")
    }

    /// What it is called when it is a setting or a section of the known form.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.tag(), "ESET" | "PRODUCT" | "ITEM" | "NODE")
    }

    /// An entry of a list: its name is its number.
    ///
    /// Identifiers of plugins are digits too, but eight of them, with zeros in front.
    pub(super) fn is_entry(&self) -> bool {
        matches!(self.tag(), "ITEM" | "NODE")
            && self.name().is_some_and(|name| {
                matches!(name.len(), 1..=7)
                    && name.bytes().all(|byte| byte.is_ascii_digit())
                    && (name == "0" || !name.starts_with('0'))
            })
    }

    /// Attributes that are neither its name nor its value: the marks DELETE and APPEND, and what no source states.
    pub(super) fn marks(&self) -> impl Iterator<Item = (&str, &str)> {
        let product = self.tag() == "PRODUCT";
        self.attributes().filter(move |(key, _)| {
            !(matches!(*key, "NAME" | "TYPE" | "VALUE") || (product && *key == "VERSION"))
        })
    }

    /// Whether two are to be compared with each other: the same tag and name.
    pub(super) fn is_called_like(&self, other: &Self) -> bool {
        // One export has one product; that it is called otherwise than before is what an upgrade does.
        self.tag() == other.tag() && (self.tag() == "PRODUCT" || self.name() == other.name())
    }

    /// Its name, when that alone and as it is makes its part of a path, as it nearly always does.
    pub(super) fn plain_name(&self) -> Option<&str> {
        if !matches!(self.tag(), "ITEM" | "NODE") {
            return None;
        }
        self.name().filter(|name| path::is_plain(name))
    }

    /// Its part of a path; none for the two outer elements, which every path would begin with.
    pub(super) fn segment(&self) -> Option<String> {
        match (self.tag(), self.name()) {
            ("ESET" | "PRODUCT", _) => None,
            ("ITEM" | "NODE", Some(name)) => Some(path::escape(name)),
            (Self::TEXT, _) => Some(Self::TEXT.to_owned()),
            (tag, Some(name)) => Some(format!("<{tag} {}>", path::escape(name))),
            (tag, None) => Some(format!("<{tag}>")),
        }
    }
}
