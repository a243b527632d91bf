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

/// What is taken from the reader at once.
const CHUNK: usize = 32 << 10;

/// Keeps count of what the parser takes, and gives it no more than one piece of markup may have.
///
/// The parser copies what it is given until the markup ends. The limit stands here because it cannot be told to stop.
/// Lines are counted by the chunk, and where a piece of markup begins only when somebody asks.
#[derive(Debug)]
pub(super) struct Source<R> {
    inner: R,
    chunk: Vec<u8>,
    /// What of the chunk was taken.
    taken: usize,
    /// Where the chunk begins.
    place: Place,
    /// Where the present piece of markup begins in the chunk, or that it began before the chunk, and where.
    began: Result<usize, Place>,
    /// Where it may end at most.
    until: u64,
    first: [u8; 2],
    reached: Option<Reached>,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(inner: R, place: Place) -> Self {
        Self {
            inner,
            chunk: Vec::new(),
            taken: 0,
            place,
            began: Err(place),
            until: 0,
            first: *b"  ",
            reached: None,
        }
    }

    fn offset(&self) -> u64 {
        self.place.offset + self.taken as u64
    }

    /// A new piece of markup begins here, behind so many bytes.
    pub(super) fn begin(&mut self) -> u64 {
        self.began = Ok(self.taken);
        let offset = self.offset();
        self.until = (offset + limits::MARKUP).min(limits::FILE);
        offset
    }

    /// Where the present piece of markup begins.
    pub(super) fn began(&self) -> Place {
        self.began.map_or_else(|place| place, |at| self.place.after(&self.chunk[..at]))
    }

    pub(super) fn reached(&self) -> Option<Reached> {
        self.reached
    }

    /// The first two bytes of the file, as far as they were taken.
    pub(super) fn first(&self) -> [u8; 2] {
        self.first
    }

    fn refill(&mut self) -> io::Result<()> {
        self.began = Err(self.began());
        self.place = self.place.after(&self.chunk);
        self.chunk.clear();
        self.taken = 0;
        let bytes = self.inner.fill_buf()?;
        self.chunk.extend_from_slice(&bytes[..bytes.len().min(CHUNK)]);
        self.inner.consume(self.chunk.len());
        for (at, byte) in (self.place.offset..2).zip(&self.chunk) {
            self.first[at as usize] = *byte;
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.chunk.len() {
            self.refill()?;
        }
        let bytes = &self.chunk[self.taken..];
        let left = self.until.saturating_sub(self.offset());
        if left == 0 && !bytes.is_empty() {
            let file = self.offset() >= limits::FILE;
            self.reached = Some(if file { Reached::File } else { Reached::Markup });
            return Err(io::Error::other("a limit was reached"));
        }
        Ok(&bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.chunk.len());
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
