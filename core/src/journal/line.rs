//! One envelope as text that checks itself.
//!
//! A line is `{"hash":"<64 hex digits>","envelope":{...}}`. The hash is the BLAKE3 digest of the envelope's bytes,
//! so a line shows its own damage; and because it is the value that the next envelope names as `prev`, a person
//! sees the chain by eye. The whole is JSON, so every tool for JSON lines reads it. Rejected: a checksum behind a
//! tab, which such tools refuse; a checksum inside the envelope, which could not cover the exact bytes.

use super::{Envelope, Format};
use crate::{
    failure::{Code, Failure},
    values::{Digest, UpgradeId},
};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};

const OPENING: &[u8] = b"{\"hash\":\"";
const MIDDLE: &[u8] = b"\",\"envelope\":";
const HEX: usize = 64;
/// Where the envelope begins in a line.
const ENVELOPE_AT: usize = OPENING.len() + HEX + MIDDLE.len();

/// The fields that hold the chain together. Their names and meaning stay in every later format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Head {
    format: Format,
    upgrade: UpgradeId,
    seq: u64,
    prev: Digest,
}

/// A sealed envelope: its exact bytes, their hash, and its place in the chain.
///
/// Its bytes never change, so copies share them, and the envelope is read of them once.
#[derive(Clone, Debug)]
pub struct Line(Arc<Sealed>);

#[derive(Debug)]
struct Sealed {
    json: Vec<u8>,
    hash: Digest,
    head: Head,
    envelope: OnceLock<Result<Envelope, Failure>>,
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash && self.0.json == other.0.json
    }
}

impl Eq for Line {}

impl Line {
    /// Seals an envelope.
    pub(super) fn seal(envelope: &Envelope) -> Result<Self, Failure> {
        let json = envelope.line()?;
        let hash = Digest::of(&json);
        let head = Head {
            format: envelope.format,
            upgrade: envelope.upgrade,
            seq: envelope.seq,
            prev: envelope.prev,
        };
        Ok(Self(Arc::new(Sealed { json, hash, head, envelope: OnceLock::from(Ok(envelope.clone())) })))
    }

    /// Reads a line, without its line feed; nothing when it is not exactly as it was written.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::parse_again(text, None)
    }

    /// As [`parse`](Self::parse). Where `known` is the very line that stands there, by the hash of what stands there,
    /// it is taken for it, with what was read of it before.
    pub(super) fn parse_again(text: &[u8], known: Option<&Self>) -> Option<Self> {
        let json = Self::envelope_of(text)?.strip_suffix(b"}")?;
        let hash = Digest::of(json);
        // Compared as text: the digits in upper case would be the same hash and other bytes.
        if hash.digits() != text[OPENING.len()..OPENING.len() + HEX] {
            return None;
        }
        if let Some(known) = known.filter(|known| known.hash() == hash) {
            return Some(known.clone());
        }
        let head = serde_json::from_slice(json).ok()?;
        Some(Self(Arc::new(Sealed { json: json.to_vec(), hash, head, envelope: OnceLock::new() })))
    }

    /// What stands behind the opening of a line, when the opening is whole.
    fn envelope_of(text: &[u8]) -> Option<&[u8]> {
        let opening = text.get(..ENVELOPE_AT)?;
        (opening.starts_with(OPENING) && opening.ends_with(MIDDLE)).then(|| &text[ENVELOPE_AT..])
    }

    /// Whether a piece without line feed at the end of a file is a write that was cut off: a beginning of a line,
    /// with nothing or only zeros behind it. Anything else there was changed after it was written.
    #[must_use]
    pub fn is_cut_off(piece: &[u8]) -> bool {
        let length = piece.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let piece = &piece[..length];
        let Some(json) = Self::envelope_of(piece) else {
            return Self::begins_an_opening(piece);
        };
        if json.is_empty() {
            return true;
        }
        match serde_json::from_slice::<serde::de::IgnoredAny>(json) {
            // A whole envelope that only lacks the closing brace must have its hash.
            Ok(_) => Digest::of(json).digits() == piece[OPENING.len()..OPENING.len() + HEX],
            Err(error) => error.is_eof(),
        }
    }

    fn begins_an_opening(piece: &[u8]) -> bool {
        let fits = |at: usize, byte: u8| match at {
            _ if at < OPENING.len() => byte == OPENING[at],
            _ if at < OPENING.len() + HEX => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            _ => MIDDLE.get(at - OPENING.len() - HEX) == Some(&byte),
        };
        piece.iter().enumerate().all(|(at, byte)| fits(at, *byte))
    }

    /// The line as it is written, with its line feed.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.text_len());
        self.write_to(&mut text);
        text
    }

    /// Appends the line as it is written, with its line feed.
    pub fn write_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(OPENING);
        text.extend_from_slice(&self.0.hash.digits());
        text.extend_from_slice(MIDDLE);
        text.extend_from_slice(&self.0.json);
        text.extend_from_slice(b"}\n");
    }

    /// Length of the line as it is written.
    #[must_use]
    pub fn text_len(&self) -> usize {
        ENVELOPE_AT + self.0.json.len() + 2
    }

    /// The envelope's bytes.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.0.json
    }

    /// The envelope's hash, which the next one names as `prev`.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.0.hash
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.0.head.format
    }

    /// Its upgrade.
    #[must_use]
    pub fn upgrade(&self) -> UpgradeId {
        self.0.head.upgrade
    }

    /// Its position.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.0.head.seq
    }

    /// The hash of the envelope before it.
    #[must_use]
    pub fn prev(&self) -> Digest {
        self.0.head.prev
    }

    /// The envelope.
    ///
    /// # Errors
    /// [`Code::JournalNewer`] for one of a newer format that this version cannot read, [`Code::JournalDamaged`]
    /// for one that has its hash and yet is no envelope.
    pub fn envelope(&self) -> Result<Envelope, Failure> {
        self.read().cloned().map_err(Clone::clone)
    }

    /// As [`envelope`](Self::envelope), without a copy.
    ///
    /// # Errors
    /// As there.
    pub(super) fn read(&self) -> Result<&Envelope, &Failure> {
        self.0.envelope.get_or_init(|| self.decode()).as_ref()
    }

    fn decode(&self) -> Result<Envelope, Failure> {
        let Sealed { json, head, .. } = &*self.0;
        serde_json::from_slice(json).map_err(|error| {
            let (code, message) = if head.format > Format::CURRENT {
                (Code::JournalNewer, "an envelope was written by a newer version of the program")
            } else {
                (Code::JournalDamaged, "a line with a good hash is not an envelope")
            };
            Failure::new(code, message)
                .found(format!("upgrade {}, envelope {}", head.upgrade, head.seq))
                .cause(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        host::BootIdentity,
        journal::Stamp,
        upgrade::{Actor, Event, Request},
        values::Timestamp,
    };
    use proptest::prelude::*;

    fn line(note: &str) -> Line {
        let stamp = Stamp {
            at: Timestamp::from_millis(1_700_000_000_000),
            boot: BootIdentity("boot-1".into()),
            engine: "0.1.0".into(),
        };
        let event =
            Event::Requested { request: Request::Pause, by: Actor("ada".into()), note: note.to_owned() };
        let upgrade = UpgradeId::from_u128(7);
        Envelope::seal(upgrade, 0, Digest::ZERO, &stamp, &[event]).unwrap().remove(0).1
    }

    #[test]
    fn every_flipped_bit_of_a_line_shows() {
        let text = line("Grüße, \"quoted\"\n").text();
        let text = &text[..text.len() - 1];
        assert!(Line::parse(text).is_some());
        for position in 0..text.len() {
            for bit in 0..8 {
                let mut bad = text.to_vec();
                bad[position] ^= 1 << bit;
                assert!(Line::parse(&bad).is_none(), "byte {position}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_line_is_json_that_shows_its_envelope() {
        let line = line("x");
        let value: serde_json::Value = serde_json::from_slice(&line.text()).unwrap();
        assert_eq!(value["hash"], line.hash().to_string());
        assert_eq!(value["envelope"]["seq"], 0);
        assert_eq!(line.text().len(), line.text_len());
    }

    proptest! {
        #[test]
        fn every_beginning_of_a_line_counts_as_cut_off(note in "\\PC{0,40}", cut in 0.0..1.0f64, zeros in 0usize..9) {
            let text = line(&note).text();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let keep = ((text.len() - 1) as f64 * cut) as usize;
            let mut piece = text[..keep].to_vec();
            piece.extend(std::iter::repeat_n(0, zeros));
            prop_assert!(Line::is_cut_off(&piece));
        }

        #[test]
        fn a_changed_byte_in_the_opening_does_not_pass_for_cut_off(at in 0usize..9) {
            let mut text = line("x").text();
            text.truncate(200);
            text[at] ^= 0x80;
            prop_assert!(!Line::is_cut_off(&text));
        }
    }
}
