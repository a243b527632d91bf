//! An export, element by element.

use super::{
    element::Element,
    header::Signature,
    limits,
    markup::{Standing, Text, allowed, declared, read_element, resolve},
    source::{Place, Source},
    trouble,
};
use mailsec_core::Failure;
use quick_xml::{Error, errors::IllFormedError, events::Event, reader::Reader as Parser};
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
    waiting: Option<(Element, u64, bool)>,
    text: Text,
    at: u64,
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
            text: Text { text: String::new(), at: place.offset },
            at: place.offset,
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

    /// Where that element begins in the file.
    pub(super) fn offset(&self) -> u64 {
        self.at
    }

    /// The same for a person; right as long as nothing was read since.
    pub(super) fn place(&self) -> Place {
        self.parser.get_ref().began()
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
        if let Some((element, at, empty)) = self.waiting.take() {
            self.element = element;
            return self.open(at, empty);
        }
        loop {
            self.buffer.clear();
            let at = self.parser.get_mut().begin();
            let read = self.parser.read_event_into(&mut self.buffer);
            let source = self.parser.get_ref();
            let event = match read {
                Ok(event) => event,
                Err(error) => return Err(self.trouble(&error)),
            };
            let began = &|| source.began();
            let standing = match (self.depth, self.begun) {
                (0, false) => Standing::Before,
                (0, true) => Standing::Behind,
                _ => Standing::Inside,
            };
            match event {
                Event::Start(start) => {
                    read_element(&mut self.element, &start, began)?;
                    return self.open_or_text(at, false);
                }
                Event::Empty(start) => {
                    read_element(&mut self.element, &start, began)?;
                    return self.open_or_text(at, true);
                }
                Event::End(_) => {
                    if self.has_text() {
                        self.close_after_text = true;
                        return self.open_text();
                    }
                    self.depth -= 1;
                    return Ok(Step::Close);
                }
                Event::Text(text) => self.text.add(&text.xml10_content(), at, standing, began)?,
                Event::CData(text) => self.text.add(&text.xml10_content(), at, standing, began)?,
                Event::GeneralRef(reference) => {
                    self.text.add(&resolve(&reference, began)?, at, standing, began)?;
                }
                Event::Comment(comment) => {
                    allowed(&comment, began)?;
                    if standing == Standing::Behind {
                        self.signature = self.signature.or(&comment);
                    }
                }
                Event::Decl(_) if at > 3 => {
                    return Err(trouble::malformed(
                        began(),
                        "an XML declaration that is not at the beginning",
                    ));
                }
                Event::Decl(decl) => declared(&decl, began())?,
                Event::PI(instruction) => allowed(&instruction, began)?,
                Event::DocType(_) => {
                    return Err(trouble::foreign(
                        began(),
                        "a document type declaration; it was not followed",
                    )
                    .hint("an export has none; a file with one can be made to exhaust memory"));
                }
                Event::Eof => {
                    let found = match standing {
                        Standing::Behind => return Ok(Step::End),
                        Standing::Inside => format!("the end, {} elements open", self.depth),
                        Standing::Before => "the end, and no element before it".to_owned(),
                    };
                    return Err(trouble::truncated(began(), found));
                }
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
        !self.text.text.is_empty()
    }

    fn open_or_text(&mut self, at: u64, empty: bool) -> Result<Step, Failure> {
        if !self.has_text() {
            return self.open(at, empty);
        }
        self.waiting = Some((std::mem::take(&mut self.element), at, empty));
        self.open_text()
    }

    fn open_text(&mut self) -> Result<Step, Failure> {
        self.element.reset(Element::TEXT);
        self.element.push("VALUE", self.text.text.trim());
        self.text.text.clear();
        self.open(self.text.at, true)
    }

    fn open(&mut self, at: u64, empty: bool) -> Result<Step, Failure> {
        let tag = self.element.tag();
        if self.depth == 0 {
            if self.begun {
                return Err(trouble::malformed(self.place(), format!("a second root element <{tag}>")));
            }
            if tag != "ESET" {
                return Err(trouble::foreign(self.place(), format!("the root element <{tag}>")));
            }
        }
        if self.depth == 1 && tag == "PRODUCT" && std::mem::replace(&mut self.product, true) {
            return Err(trouble::foreign(self.place(), "a second PRODUCT; an export is one product's"));
        }
        if self.depth >= limits::DEPTH {
            let limit = format!("{} elements", limits::DEPTH);
            return Err(trouble::too_large(self.place(), "a depth", limit, "one element more"));
        }
        self.begun = true;
        self.depth += 1;
        self.at = at;
        self.closing = empty;
        Ok(Step::Open)
    }

    fn trouble(&self, error: &Error) -> Failure {
        let source = self.parser.get_ref();
        let began = source.began();
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
