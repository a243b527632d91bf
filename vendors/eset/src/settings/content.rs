//! What is kept of a setting, section or entry that differs.

use super::{
    comparison::{Content, Field},
    element::Element,
    limits,
    path::{self, MASK, Path},
    reader::{Reader, Step},
};
use mailsec_core::{Failure, values::Digest};
use std::io::BufRead;

/// A value as it may be kept: masked, or cut with a digest of the whole.
pub(super) fn value(text: &str, hidden: bool) -> String {
    if hidden {
        return MASK.to_owned();
    }
    match text.char_indices().nth(limits::VALUE) {
        None => text.to_owned(),
        Some((end, _)) => {
            let digest = Digest::of(text.as_bytes()).short();
            format!("{}… ({} characters, digest {digest})", &text[..end], text.chars().count())
        }
    }
}

/// TYPE and VALUE of an element. `path` is its own.
pub(super) fn of_value(element: &Element, path: &Path) -> Content {
    let kind = element.get("TYPE");
    let hidden = path.is_secret() || path::hides(kind, "VALUE");
    Content {
        kind: kind.map(|kind| value(kind, false)),
        value: element.get("VALUE").map(|text| value(text, hidden)),
        ..Content::default()
    }
}

/// The value of an attribute that is not VALUE.
pub(super) fn of_mark(key: &str, text: &str, path: &Path) -> Content {
    let hidden = path.is_secret() || path::hides(None, key);
    Content { value: Some(value(text, hidden)), ..Content::default() }
}

/// The element that was just opened, read to its end, and how many settings it has. `path` is its own.
pub(super) fn of_subtree<R: BufRead>(
    reader: &mut Reader<R>,
    path: &mut Path,
) -> Result<(Content, u64), Failure> {
    let mut content = of_value(reader.element(), path);
    let mut fields = Fields::new(limits::FIELDS);
    let settings = fields.inside(reader, path, "")?;
    content.fields = fields.kept;
    content.more = fields.more;
    Ok((content, settings))
}

/// Settings and marks inside something, by their path in it.
pub(super) struct Fields {
    pub(super) kept: Vec<Field>,
    pub(super) more: u64,
    most: usize,
}

impl Fields {
    pub(super) fn new(most: usize) -> Self {
        Self { kept: Vec::new(), more: 0, most }
    }

    fn add(&mut self, path: String, value: String) {
        if self.kept.len() < self.most { self.kept.push(Field { path, value }) } else { self.more += 1 }
    }

    /// Marks of the element that was just opened, and all that is inside; not its own value. How many settings it
    /// has, counted as [`sum`](super::sum::sum) counts them.
    pub(super) fn inside<R: BufRead>(
        &mut self,
        reader: &mut Reader<R>,
        path: &mut Path,
        at: &str,
    ) -> Result<u64, Failure> {
        let (mut children, mut settings) = (false, u64::from(reader.element().get("VALUE").is_some()));
        for (key, text) in reader.element().marks() {
            let hidden = path.is_secret() || path::hides(None, key);
            self.add(format!("{at}@{}", path::escape(key)), value(text, hidden));
        }
        while reader.step()? == Step::Open {
            let segment = reader.element().segment().unwrap_or_default();
            path.push(reader.element());
            let below = if at.is_empty() { segment } else { format!("{at}/{segment}") };
            if let Some(text) = reader.element().get("VALUE") {
                let hidden = path.is_secret() || path::hides(reader.element().get("TYPE"), "VALUE");
                self.add(below.clone(), value(text, hidden));
            }
            let entry = reader.element().is_entry();
            let inside = self.inside(reader, path, &below)?;
            settings += if entry { 1 } else { inside };
            children = true;
            path.pop();
        }
        Ok(if children { settings } else { 1 })
    }
}
