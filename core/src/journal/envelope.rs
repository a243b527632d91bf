//! What surrounds an event on disk.

use super::Line;
use crate::{
    failure::{Code, Failure},
    host::BootIdentity,
    upgrade::Event,
    values::{Digest, Timestamp, UpgradeId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The largest envelope, in bytes of its JSON. sled keeps larger values in files of their own, which its log's flush
/// does not cover.
pub const MAX_ENVELOPE_BYTES: usize = 64 * 1024;

/// Format of envelopes. A reader reads older ones; a writer refuses to touch a journal of a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("const" = Self::CURRENT.0))]
pub struct Format(pub u16);

impl Format {
    /// The format that this version writes.
    pub const CURRENT: Self = Self(1);
}

/// What all envelopes of one append share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When, by the clock port.
    pub at: Timestamp,
    /// In which boot.
    pub boot: BootIdentity,
    /// By which version of the program.
    pub engine: Arc<str>,
}

/// An event as it was read: one that this version knows, or the JSON of one that it does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Recorded {
    /// Known.
    Known(Arc<Event>),
    /// Of a newer version; kept as it is.
    Unknown(serde_json::Value),
}

impl Recorded {
    /// The event, when this version knows it.
    #[must_use]
    pub fn known(&self) -> Option<&Event> {
        match self {
            Self::Known(event) => Some(event),
            Self::Unknown(_) => None,
        }
    }
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// Format of this envelope.
    pub format: Format,
    /// Which upgrade.
    pub upgrade: UpgradeId,
    /// Position in the upgrade, from 0, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// In which boot.
    pub boot: BootIdentity,
    /// Version of the program that wrote it.
    pub engine: Arc<str>,
    /// Hash of the previous envelope's line; all zeros for the first.
    pub prev: Digest,
    /// What happened.
    pub event: Recorded,
}

impl Envelope {
    /// The envelope's bytes: JSON on one line, without the line feed. The chain hashes exactly these.
    ///
    /// # Errors
    /// [`Code::JournalTooLarge`] beyond [`MAX_ENVELOPE_BYTES`].
    pub fn line(&self) -> Result<Vec<u8>, Failure> {
        let line = serde_json::to_vec(self).map_err(|error| {
            Failure::new(Code::JournalUnwritable, "an event cannot be serialised").cause(error)
        })?;
        if line.len() > MAX_ENVELOPE_BYTES {
            return Err(Failure::new(Code::JournalTooLarge, "an event is too large for the journal")
                .expected(format!("at most {MAX_ENVELOPE_BYTES} bytes"))
                .found(format!("{} bytes", line.len()))
                .hint("it was not begun; report it, with what is unusual about this server"));
        }
        Ok(line)
    }

    /// Wraps events without hashing them; `prev` stays zero.
    pub(super) fn wrap(upgrade: UpgradeId, seq: u64, stamp: &Stamp, events: &[Event]) -> Vec<Envelope> {
        let envelope = |(seq, event): (u64, &Event)| Envelope {
            format: Format::CURRENT,
            upgrade,
            seq,
            at: stamp.at,
            boot: stamp.boot.clone(),
            engine: stamp.engine.clone(),
            prev: Digest::ZERO,
            event: Recorded::Known(Arc::new(event.clone())),
        };
        (seq..).zip(events).map(envelope).collect()
    }

    /// Seals events into a chain that continues after `seq` envelopes of which the last hashes to `prev`. Each
    /// envelope comes with its line, which is what a store writes and hashes.
    ///
    /// # Errors
    /// As [`Envelope::line`].
    pub fn seal(
        upgrade: UpgradeId,
        seq: u64,
        mut prev: Digest,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<(Envelope, Line)>, Failure> {
        Self::wrap(upgrade, seq, stamp, events)
            .into_iter()
            .map(|mut envelope| {
                envelope.prev = prev;
                let line = Line::seal(&envelope)?;
                prev = line.hash();
                Ok((envelope, line))
            })
            .collect()
    }
}
