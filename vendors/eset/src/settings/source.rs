//! The bytes of an export on their way to the parser: where we are, and how far one piece of markup may go.

use super::limits;
use std::io::{self, BufRead, Read};

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes before it.
    pub(super) offset: u64,
    /// From 1.
    pub(super) line: u64,
    /// Characters, from 1.
    pub(super) column: u64,
}

impl Place {
    pub(super) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place behind these bytes.
    pub(super) fn after(mut self, bytes: &[u8]) -> Self {
        // Two plain counts, because the compiler makes them wide; a state machine byte by byte it does not.
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let rest = match lines {
            0 => bytes,
            _ => {
                self.line += lines as u64;
                self.column = 1;
                &bytes[bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)..]
            }
        };
        // Every byte that does not continue a character begins one.
        self.column += rest.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64;
        self.offset += bytes.len() as u64;
        self
    }
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    File,
    Markup,
}

/// Counts what the parser takes, and gives it no more than one piece of markup may have.
///
/// The parser copies what it is given until the markup ends. The limit stands here because it cannot be told to stop.
#[derive(Debug)]
pub(super) struct Source<R> {
    inner: R,
    place: Place,
    /// Where the present piece of markup may end at most.
    until: u64,
    first: [u8; 2],
    reached: Option<Reached>,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(inner: R, place: Place) -> Self {
        Self { inner, place, until: 0, first: *b"  ", reached: None }
    }

    /// A new piece of markup begins here.
    pub(super) fn begin(&mut self) -> Place {
        self.until = (self.place.offset + limits::MARKUP).min(limits::FILE);
        self.place
    }

    pub(super) fn reached(&self) -> Option<Reached> {
        self.reached
    }

    /// The first two bytes of the file, as far as they were taken.
    pub(super) fn first(&self) -> [u8; 2] {
        self.first
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.until.saturating_sub(self.place.offset);
        let bytes = self.inner.fill_buf()?;
        if left == 0 && !bytes.is_empty() {
            let reached = if self.place.offset >= limits::FILE { Reached::File } else { Reached::Markup };
            self.reached = Some(reached);
            return Err(io::Error::other("a limit was reached"));
        }
        Ok(&bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))])
    }

    fn consume(&mut self, amount: usize) {
        // Asking again gives the same bytes: this is what was looked at just before.
        if let Ok(bytes) = self.inner.fill_buf() {
            let taken = &bytes[..amount.min(bytes.len())];
            for (index, byte) in taken.iter().take(2).enumerate() {
                let at = self.place.offset as usize + index;
                if at < 2 {
                    self.first[at] = *byte;
                }
            }
            self.place = self.place.after(taken);
        }
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let amount = bytes.len().min(into.len());
        into[..amount].copy_from_slice(&bytes[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let place = Place::START.after("ab\ncé€x".as_bytes());
        assert_eq!((place.line, place.column, place.offset), (2, 5, 10));
        assert_eq!(place.after(b"\n\n").line, 4);
    }
}
