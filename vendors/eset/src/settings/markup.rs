//! One piece of markup, checked: names, values, text, what the declaration says.

use super::{element::Element, limits, path::is_plain, source::Place, trouble};
use mailsec_core::Failure;
use quick_xml::{
    XmlVersion,
    events::{BytesDecl, BytesRef, BytesStart, attributes::AttrError},
};
use std::borrow::Cow;

/// Where the present piece of markup begins; worked out only for an error.
pub(super) type Began<'a> = &'a dyn Fn() -> Place;

/// Takes over a tag and its attributes.
pub(super) fn read_element(
    element: &mut Element,
    start: &BytesStart<'_>,
    began: Began<'_>,
) -> Result<(), Failure> {
    let whole: &str = start;
    // `<` was taken before the text of the tag.
    let within = |offset: usize| {
        let before = whole.as_bytes().get(..offset).unwrap_or_default();
        began().after(b"<").after(before)
    };
    let tag = start.name().into_inner();
    named(tag, began)?;
    element.reset(tag);
    allowed(whole, &|| began().after(b"<"))?;
    // Looking for one that is given twice is done here: among three it is cheaper than what the parser keeps for it.
    for (count, attribute) in start.attributes().with_checks(false).enumerate() {
        let attribute = attribute.map_err(|error| {
            let (AttrError::ExpectedEq(at)
            | AttrError::ExpectedValue(at)
            | AttrError::UnquotedValue(at)
            | AttrError::ExpectedQuote(at, _)
            | AttrError::Duplicated(at, _)) = error;
            trouble::malformed(within(at), error)
        })?;
        let key = attribute.key.into_inner();
        let raw: &str = &attribute.value;
        let offset_of = |part: &str| (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        let here = || within(offset_of(key));
        if count >= limits::ATTRIBUTES {
            let limit = format!("{} attributes", limits::ATTRIBUTES);
            return Err(trouble::too_large(here(), "an element", limit, "one attribute more"));
        }
        named(key, &here)?;
        if element.get(key).is_some() {
            return Err(trouble::malformed(here(), format!("the attribute {key} a second time")));
        }
        let value = if raw.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'\t' | b'\n' | b'\r')) {
            if let Some(bad) = raw.find('<') {
                return Err(trouble::malformed(within(offset_of(raw) + bad), "a `<` inside a value"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| {
                let bad = within(offset_of(raw) + raw.find('&').unwrap_or(0));
                trouble::malformed(bad, format!("{error}; no entities but XML's own five are known"))
            })?;
            // A reference by number can make what could not be written.
            allowed(&value, &|| within(offset_of(raw)))?;
            value
        } else {
            Cow::Borrowed(raw)
        };
        if key == "NAME" && value.len() > limits::NAME {
            let limit = format!("{} bytes", limits::NAME);
            return Err(trouble::too_large(within(offset_of(raw)), "a name", limit, value.len()));
        }
        element.push(key, &value);
    }
    Ok(())
}

/// Names of tags and attributes: not empty, not long, nothing that could not be one.
fn named(name: &str, at: Began<'_>) -> Result<(), Failure> {
    if name.len() > limits::NAME {
        return Err(trouble::too_large(at(), "a name", format!("{} bytes", limits::NAME), name.len()));
    }
    let bad = |char: char| char.is_control() || char.is_whitespace() || "<>&\"'=/#@[]%".contains(char);
    if !is_plain(name) && (name.is_empty() || name.contains(bad)) {
        return Err(trouble::malformed(at(), "a tag or an attribute without a proper name"));
    }
    Ok(())
}

/// XML allows three control characters.
pub(super) fn allowed(text: &str, at: Began<'_>) -> Result<(), Failure> {
    let bad = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    // The whole text at once, which is quick; where it is, only when there is one.
    if !text.bytes().fold(false, |any, byte| any | bad(byte)) {
        return Ok(());
    }
    let offset = text.bytes().position(bad).unwrap_or(0);
    let found = format!("the control character {:#04X}", text.as_bytes()[offset]);
    Err(trouble::malformed(at().after(&text.as_bytes()[..offset]), found))
}

/// Where text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Before,
    Inside,
    Behind,
}

/// Text between tags, which comes in pieces.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// Where the present piece of it began.
    pub(super) at: u64,
}

impl Text {
    /// Takes a piece in. White space before the first word is layout.
    pub(super) fn add(
        &mut self,
        piece: &str,
        at: u64,
        standing: Standing,
        began: Began<'_>,
    ) -> Result<(), Failure> {
        if self.text.is_empty() {
            if piece.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
                return Ok(());
            }
            self.at = at;
        }
        allowed(piece, began)?;
        match standing {
            Standing::Before => return Err(trouble::foreign(began(), "text before any element")),
            Standing::Behind => return Err(trouble::malformed(began(), "text behind the root element")),
            Standing::Inside => {}
        }
        if self.text.len() + piece.len() > limits::MARKUP as usize {
            let limit = format!("{} bytes", limits::MARKUP);
            return Err(trouble::too_large(began(), "a text", limit, "more"));
        }
        self.text.push_str(piece);
        Ok(())
    }
}

/// What a reference stands for: a character by its number, or one of XML's own five.
pub(super) fn resolve(reference: &BytesRef<'_>, began: Began<'_>) -> Result<String, Failure> {
    match reference.resolve_char_ref() {
        Ok(Some(char)) => Ok(char.to_string()),
        Ok(None) => match quick_xml::escape::resolve_xml_entity(reference) {
            Some(text) => Ok(text.to_owned()),
            None => Err(unknown_entity(began(), reference)),
        },
        Err(error) => Err(trouble::malformed(began(), error)),
    }
}

fn unknown_entity(place: Place, name: &str) -> Failure {
    let name: String = name.chars().take(40).collect();
    trouble::malformed(place, format!("the entity &{name}; of which nothing is known"))
}

/// The encoding that a file says it has.
pub(super) fn declared(decl: &BytesDecl<'_>, place: Place) -> Result<(), Failure> {
    match decl.encoding() {
        None => Ok(()),
        Some(Ok(name))
            if ["utf-8", "utf8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) =>
        {
            Ok(())
        }
        Some(Ok(name)) => Err(trouble::malformed(place, format!("the encoding {name:?}"))
            .expected("UTF-8, with or without a byte order mark")),
        Some(Err(error)) => Err(trouble::malformed(place, error)),
    }
}
