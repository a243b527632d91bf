//! An export, element by element.

use super::{
    element::Element,
    header::Signature,
    limits,
    source::{Place, Source},
    trouble,
};
use mailsec_core::Failure;
use quick_xml::{
    Error, XmlVersion,
    errors::IllFormedError,
    events::{BytesDecl, BytesStart, Event, attributes::AttrError},
    reader::Reader as Parser,
};
use std::io::BufRead;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An element begins: [`Reader::element`].
    Open,
    /// The element that was opened last and not closed ends.
    Close,
    /// The file ends, and was whole.
    End,
}

/// Reads an export once, from its beginning to its end, and holds one element at a time.
pub(super) struct Reader<R> {
    parser: Parser<Source<R>>,
    buffer: Vec<u8>,
    element: Element,
    /// An element that was read while text before it was still to be told.
    waiting: Option<(Element, Place, bool)>,
    text: String,
    text_at: Place,
    place: Place,
    depth: usize,
    /// The close of an element that was opened and closed by one tag.
    closing: bool,
    /// A close that was read while text before it was still to be told.
    close_after_text: bool,
    begun: bool,
    product: bool,
    signature: Signature,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self::within(inner, Place::START, 0)
    }

    /// Reads from a place inside a file, so many elements deep.
    pub(super) fn within(inner: R, place: Place, depth: usize) -> Self {
        let mut parser = Parser::from_reader(Source::new(inner, place));
        // Text is known to be complete when the next tag is there, which may be the end of what was opened before.
        parser.config_mut().allow_unmatched_ends = depth > 0;
        Self {
            parser,
            buffer: Vec::new(),
            element: Element::default(),
            waiting: None,
            text: String::new(),
            text_at: place,
            place,
            depth,
            closing: false,
            close_after_text: false,
            begun: depth > 0,
            product: false,
            signature: Signature::None,
        }
    }

    /// The element that was opened last.
    pub(super) fn element(&self) -> &Element {
        &self.element
    }

    /// Where that element begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// What comes next.
    pub(super) fn step(&mut self) -> Result<Step, Failure> {
        if self.closing || self.close_after_text {
            // Text that was told as an element closes first, and what it stood before after that.
            if !std::mem::take(&mut self.closing) {
                self.close_after_text = false;
            }
            self.depth -= 1;
            return Ok(Step::Close);
        }
        if let Some((element, place, empty)) = self.waiting.take() {
            self.element = element;
            return self.open(place, empty);
        }
        loop {
            self.buffer.clear();
            let place = self.parser.get_mut().begin();
            let event = match self.parser.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.trouble(place, &error)),
            };
            match event {
                Event::Start(start) => {
                    read_element(&mut self.element, &start, place)?;
                    return self.open_or_text(place, false);
                }
                Event::Empty(start) => {
                    read_element(&mut self.element, &start, place)?;
                    return self.open_or_text(place, true);
                }
                Event::End(_) => {
                    if self.has_text() {
                        self.close_after_text = true;
                        return self.open_text();
                    }
                    self.depth -= 1;
                    return Ok(Step::Close);
                }
                Event::Text(text) => {
                    allowed(&text, place)?;
                    let text = text.xml10_content();
                    add_text(&mut self.text, &mut self.text_at, &text, place, self.depth, self.begun)?;
                }
                Event::CData(text) => {
                    allowed(&text, place)?;
                    let text = text.xml10_content();
                    add_text(&mut self.text, &mut self.text_at, &text, place, self.depth, self.begun)?;
                }
                Event::GeneralRef(name) => {
                    let resolved = match name.resolve_char_ref() {
                        Ok(Some(char)) => char.to_string(),
                        Ok(None) => quick_xml::escape::resolve_xml_entity(&name)
                            .ok_or_else(|| unknown_entity(place, &name))?
                            .to_owned(),
                        Err(error) => return Err(trouble::malformed(place, error)),
                    };
                    allowed(&resolved, place)?;
                    add_text(&mut self.text, &mut self.text_at, &resolved, place, self.depth, self.begun)?;
                }
                Event::Comment(comment) => {
                    allowed(&comment, place)?;
                    if self.begun && self.depth == 0 {
                        self.signature = self.signature.or(&comment);
                    }
                }
                Event::Decl(decl) => {
                    if place.offset > 3 {
                        return Err(trouble::malformed(
                            place,
                            "an XML declaration that is not at the beginning",
                        ));
                    }
                    declared(&decl, place)?;
                }
                Event::PI(instruction) => allowed(&instruction, place)?,
                Event::DocType(_) => {
                    return Err(trouble::foreign(place, "a document type declaration; it was not followed")
                        .hint("an export has none; a file with one can be made to exhaust memory"));
                }
                Event::Eof if self.begun && self.depth == 0 => return Ok(Step::End),
                Event::Eof if self.begun => {
                    return Err(trouble::truncated(place, format!("the end, {} elements open", self.depth)));
                }
                Event::Eof => return Err(trouble::truncated(place, "the end, and no element before it")),
            }
        }
    }

    /// Reads to the end, wherever it stands, and tells what was found behind the root.
    pub(super) fn finish(&mut self) -> Result<Signature, Failure> {
        while self.step()? != Step::End {}
        Ok(self.signature)
    }

    /// Passes over what is inside the element that was opened last, and its end.
    pub(super) fn skip(&mut self) -> Result<(), Failure> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.step()?;
        }
        Ok(())
    }

    fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    fn open_or_text(&mut self, place: Place, empty: bool) -> Result<Step, Failure> {
        if !self.has_text() {
            return self.open(place, empty);
        }
        self.waiting = Some((std::mem::take(&mut self.element), place, empty));
        self.open_text()
    }

    fn open_text(&mut self) -> Result<Step, Failure> {
        self.element.reset(Element::TEXT);
        self.element.push("VALUE", self.text.trim());
        self.text.clear();
        let place = self.text_at;
        self.open(place, true)
    }

    fn open(&mut self, place: Place, empty: bool) -> Result<Step, Failure> {
        if self.depth == 0 {
            if self.begun {
                return Err(trouble::malformed(
                    place,
                    format!("a second root element <{}>", self.element.tag()),
                ));
            }
            if self.element.tag() != "ESET" {
                return Err(trouble::foreign(place, format!("the root element <{}>", self.element.tag())));
            }
        }
        if self.depth == 1 && self.element.tag() == "PRODUCT" && std::mem::replace(&mut self.product, true) {
            return Err(trouble::foreign(place, "a second PRODUCT; an export is one product's"));
        }
        if self.depth >= limits::DEPTH {
            let found = "one element more";
            return Err(trouble::too_large(place, "a depth", format!("{} elements", limits::DEPTH), found));
        }
        self.begun = true;
        self.depth += 1;
        self.place = place;
        self.closing = empty;
        Ok(Step::Open)
    }

    fn trouble(&self, began: Place, error: &Error) -> Failure {
        let source = self.parser.get_ref();
        if let Some(reached) = source.reached() {
            return trouble::reached(reached, began);
        }
        if matches!(source.first(), [0xFF, 0xFE] | [0xFE, 0xFF] | [b'<', 0] | [0, b'<']) {
            return trouble::malformed(began, "UTF-16")
                .expected("UTF-8, with or without a byte order mark")
                .hint("export again; to convert a copy: Get-Content FILE | Set-Content COPY -Encoding UTF8");
        }
        match error {
            Error::Io(error) => trouble::unreadable(began, error),
            Error::Syntax(error) => trouble::truncated(began, error),
            Error::IllFormed(error @ IllFormedError::UnclosedReference) => trouble::malformed(began, error),
            Error::Encoding(_) => {
                let valid =
                    std::str::from_utf8(&self.buffer).map_or_else(|error| error.valid_up_to(), str::len);
                let at = began.after(&self.buffer[..valid]);
                trouble::malformed(at, "a byte that is not UTF-8")
                    .expected("UTF-8, with or without a byte order mark")
            }
            _ => trouble::malformed(began, error),
        }
    }
}

/// Takes over a tag and its attributes.
fn read_element(element: &mut Element, start: &BytesStart<'_>, place: Place) -> Result<(), Failure> {
    let whole: &str = start;
    // `<` was taken before the text of the tag.
    let within = |offset: usize| {
        let mut at = place.after(b"<");
        if let Some(before) = whole.as_bytes().get(..offset) {
            at = at.after(before);
        }
        at
    };
    let tag = start.name().into_inner();
    named(tag, place)?;
    element.reset(tag);
    for (count, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|error| {
            let (AttrError::ExpectedEq(at)
            | AttrError::ExpectedValue(at)
            | AttrError::UnquotedValue(at)
            | AttrError::ExpectedQuote(at, _)
            | AttrError::Duplicated(at, _)) = error;
            trouble::malformed(within(at), error)
        })?;
        let key = attribute.key.into_inner();
        let offset = (attribute.value.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        if count >= limits::ATTRIBUTES {
            let limit = format!("{} attributes", limits::ATTRIBUTES);
            return Err(trouble::too_large(within(offset), "an element", limit, "one attribute more"));
        }
        named(key, within(offset))?;
        if let Some(bad) = attribute.value.find('<') {
            return Err(trouble::malformed(within(offset + bad), "a `<` inside a value"));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| {
            let bad = attribute.value.find('&').unwrap_or(0);
            trouble::malformed(
                within(offset + bad),
                format!("{error}; no entities but XML's own five are known"),
            )
        })?;
        allowed(&attribute.value, within(offset))?;
        allowed(&value, within(offset))?;
        if key == "NAME" && value.len() > limits::NAME {
            let limit = format!("{} bytes", limits::NAME);
            return Err(trouble::too_large(within(offset), "a name", limit, value.len()));
        }
        element.push(key, &value);
    }
    Ok(())
}

/// Names of tags and attributes: not empty, not long, nothing that could not be one.
fn named(name: &str, place: Place) -> Result<(), Failure> {
    if name.len() > limits::NAME {
        return Err(trouble::too_large(place, "a name", format!("{} bytes", limits::NAME), name.len()));
    }
    let bad = |char: char| char.is_control() || char.is_whitespace() || "<>&\"'=/#@[]%".contains(char);
    if name.is_empty() || name.contains(bad) {
        return Err(trouble::malformed(place, "a tag or an attribute without a proper name"));
    }
    Ok(())
}

/// XML allows three control characters.
fn allowed(text: &str, place: Place) -> Result<(), Failure> {
    let bad = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\n' | b'\r');
    // The whole text at once, which is quick; where it is, only when there is one.
    if !text.bytes().fold(false, |any, byte| any | bad(&byte)) {
        return Ok(());
    }
    let offset = text.bytes().position(|byte| bad(&byte)).unwrap_or(0);
    let found = format!("the control character {:#04X}", text.as_bytes()[offset]);
    Err(trouble::malformed(place.after(&text.as_bytes()[..offset]), found))
}

fn add_text(
    whole: &mut String,
    at: &mut Place,
    text: &str,
    place: Place,
    depth: usize,
    begun: bool,
) -> Result<(), Failure> {
    if whole.is_empty() {
        if text.trim().is_empty() {
            return Ok(());
        }
        *at = place;
    }
    match (depth, begun) {
        (0, false) => return Err(trouble::foreign(place, "text before any element")),
        (0, true) => return Err(trouble::malformed(place, "text behind the root element")),
        _ => {}
    }
    if whole.len() + text.len() > limits::MARKUP as usize {
        let limit = format!("{} bytes", limits::MARKUP);
        return Err(trouble::too_large(*at, "a text", limit, "more"));
    }
    whole.push_str(text);
    Ok(())
}

fn unknown_entity(place: Place, name: &str) -> Failure {
    let name: String = name.chars().take(40).collect();
    trouble::malformed(place, format!("the entity &{name}; of which nothing is known"))
}

/// The encoding that a file says it has.
fn declared(decl: &BytesDecl<'_>, place: Place) -> Result<(), Failure> {
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
