//! What the journal gets: counts and spans, whose size has a bound however long the run was.

use super::Fate;
use crate::values::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Spans that a summary has at most, of each kind. An upgrade that goes well has a handful.
const SPANS: usize = 100;

/// Messages, one after the other, of which the same became.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// When the first was sent.
    pub from: Timestamp,
    /// When the last was sent.
    pub to: Timestamp,
    /// What became of them; of spans that were put together, the worst.
    pub fate: Fate,
    /// How many.
    pub count: u64,
}

/// The mailbox could not be looked into: for that while, nobody knows what arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blind {
    /// When a look failed first.
    pub from: Timestamp,
    /// When one succeeded again; left out while none has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// How often that began.
    pub times: u64,
    /// Why, the last time.
    pub why: String,
}

/// All that the canary saw of an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CanarySummary {
    /// When the first message was sent, and the last.
    pub over: Option<(Timestamp, Timestamp)>,
    /// Whether arrival was watched; without it, *accepted* is all that is known.
    pub watched: bool,
    /// Messages by what became of them.
    #[schemars(extend("propertyNames" = { "$ref": "#/$defs/Fate" }))]
    pub fates: BTreeMap<Fate, u64>,
    /// The longest time from sending to being seen in the mailbox, milliseconds.
    pub slowest_ms: u64,
    /// Clean messages, as their senders saw them.
    pub senders: Vec<Span>,
    /// Test files: whether they were stopped.
    pub scanning: Vec<Span>,
    /// Whether the record was full before the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// Whether the mailbox could not be looked into for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
}

impl CanarySummary {
    /// How many messages came to this.
    #[must_use]
    pub fn count(&self, fate: Fate) -> u64 {
        self.fates.get(&fate).copied().unwrap_or(0)
    }

    /// Messages in all.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.fates.values().sum()
    }

    /// Messages that somebody must hear of.
    #[must_use]
    pub fn alarms(&self) -> u64 {
        self.fates.iter().filter(|(fate, _)| fate.is_alarm()).map(|(_, count)| count).sum()
    }
}

/// Puts neighbours together, the fewest messages first, until there are few enough. What is worse outlives what is better.
pub(super) fn bound(spans: &mut Vec<Span>) {
    let severity = |fate: Fate| (fate.is_alarm(), fate != Fate::Delivered && fate != Fate::Scanned);
    while spans.len() > SPANS {
        let pairs = spans.windows(2).enumerate();
        let smallest = pairs.min_by_key(|(_, pair)| pair.iter().map(|span| span.count).sum::<u64>());
        let Some((at, _)) = smallest else { return };
        let after = spans.remove(at + 1);
        if let Some(span) = spans.get_mut(at) {
            span.to = after.to;
            span.count += after.count;
            if severity(after.fate) > severity(span.fate) {
                span.fate = after.fate;
            }
        }
    }
}
