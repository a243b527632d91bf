//! What is inside an element as one number, so that content is compared without being kept.

use super::{
    element::Element,
    reader::{Reader, Step},
};
use mailsec_core::Failure;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::BufRead,
};

/// An element's content and how much it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Tag, attributes and everything inside. Order does not count, and neither do the numbers of entries.
    pub(super) content: u64,
    /// Settings and entries in it; one for an element that has nothing inside.
    pub(super) settings: u32,
}

/// A number for something, the same all through a run.
pub(super) fn hash(of: impl Hash) -> u64 {
    // 64 bits: a million contents that wait for their match at one time meet by chance once in thirty million files.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// What an element is called, as a number.
pub(super) fn called(element: &Element) -> u64 {
    match element.tag() {
        "PRODUCT" => hash("PRODUCT"),
        tag => hash((tag, element.name())),
    }
}

/// The element that was just opened, read to its end.
pub(super) fn sum<R: BufRead>(reader: &mut Reader<R>) -> Result<Sum, Failure> {
    let element = reader.element();
    let entry = element.is_entry();
    // Sums of hashes do not know an order.
    let own = element
        .attributes()
        .filter(|(key, _)| !(entry && *key == "NAME"))
        .fold(hash(element.tag()), |sum, pair| sum.wrapping_add(hash(pair)));
    let value = u32::from(element.get("VALUE").is_some());
    let (mut inside, mut children, mut settings) = (0u64, 0u32, 0u32);
    while reader.step()? == Step::Open {
        let entry = reader.element().is_entry();
        let child = sum(reader)?;
        inside = inside.wrapping_add(child.content);
        settings = settings.saturating_add(if entry { 1 } else { child.settings });
        children += 1;
    }
    let settings = if children == 0 { 1 } else { settings.saturating_add(value) };
    Ok(Sum { content: hash((own, inside, children)), settings })
}
