//! The hash chain: envelope `n` names the hash of envelope `n - 1`.

use super::{Envelope, Format, Line, Recorded};
use crate::{
    failure::{Code, Failure},
    values::{Digest, Timestamp, UpgradeId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// Envelopes in it.
    pub count: u64,
    /// Hash of the last one; all zeros for none.
    pub hash: Digest,
}

impl Tip {
    /// Of no envelope.
    pub const EMPTY: Self = Self { count: 0, hash: Digest::ZERO };

    /// Of these lines.
    #[must_use]
    pub fn of(lines: &[Line]) -> Self {
        lines.last().map_or(Self::EMPTY, |line| Self { count: line.seq() + 1, hash: line.hash() })
    }

    /// Whether a line continues here.
    #[must_use]
    pub fn takes(&self, upgrade: UpgradeId, line: &Line) -> bool {
        line.upgrade() == upgrade && line.seq() == self.count && line.prev() == self.hash
    }

    /// Whether lines of a chain reach this far and agree up to here.
    #[must_use]
    pub fn is_in(&self, lines: &[Line]) -> bool {
        match self.count.checked_sub(1) {
            None => true,
            Some(last) => usize::try_from(last)
                .ok()
                .and_then(|last| lines.get(last))
                .is_some_and(|line| line.hash() == self.hash),
        }
    }
}

/// The last envelope before the damage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastGood {
    /// Its position.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// Its time, when it can be read.
    pub at: Option<Timestamp>,
}

/// A journal that cannot be mended from what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Damage {
    /// Whose.
    pub upgrade: UpgradeId,
    /// The last good envelope, when there is one.
    pub last_good: Option<LastGood>,
    /// How many envelopes there must have been, at least.
    pub promised: u64,
    /// What is wrong, one clause.
    pub why: String,
}

impl Damage {
    /// Damage behind these good lines.
    #[must_use]
    pub fn after(upgrade: UpgradeId, good: &[Line], promised: u64, why: impl Into<String>) -> Self {
        let last_good = good.last().map(|line| LastGood {
            seq: line.seq(),
            hash: line.hash(),
            at: line.envelope().ok().map(|envelope| envelope.at),
        });
        Self { upgrade, last_good, promised, why: why.into() }
    }

    /// As a failure.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let good = match &self.last_good {
            Some(last) => format!(
                "the last good envelope is {} of upgrade {}{}, hash {}",
                last.seq,
                self.upgrade,
                last.at.map(|at| format!(" at {at}")).unwrap_or_default(),
                last.hash
            ),
            None => format!("no good envelope of upgrade {}", self.upgrade),
        };
        Failure::new(Code::JournalDamaged, format!("the journal is damaged: {}", self.why))
            .expected(format!("a chain of at least {} envelopes", self.promised))
            .found(good)
            .hint(
                "nothing was changed; `mailsec journal import FILE` takes the missing part from an export; without \
                 one, `mailsec journal verify --cut-damage` cuts it after its last good envelope, and the step that \
                 came next must be checked by hand",
            )
    }
}

/// What several copies give together.
#[derive(Debug)]
pub(super) struct Merged {
    /// The chain, as far as it goes.
    pub(super) lines: Vec<Line>,
    /// Where two good lines claim the same place.
    pub(super) fork: bool,
}

/// Takes each envelope from whichever copy has it. Every line proves itself and names the one before, so a gap in
/// one copy is filled from another.
pub(super) fn merge(upgrade: UpgradeId, copies: &[&BTreeMap<u64, Line>]) -> Merged {
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let tip = Tip::of(&lines);
        let mut found: Option<&Line> = None;
        for line in copies.iter().filter_map(|copy| copy.get(&tip.count)) {
            if !tip.takes(upgrade, line) {
                continue;
            }
            match found {
                Some(other) if other.hash() != line.hash() => return Merged { lines, fork: true },
                _ => found = Some(line),
            }
        }
        match found {
            Some(line) => lines.push(line.clone()),
            None => return Merged { lines, fork: false },
        }
    }
}

/// Reads every envelope of verified lines.
pub(super) fn envelopes(lines: &[Line]) -> Result<Vec<Envelope>, Failure> {
    lines.iter().map(Line::envelope).collect()
}

/// Whether this version may write behind these envelopes: not when a newer one wrote some of them, for what it
/// would decide ignores what it cannot read.
pub(super) fn writable(lines: &[Line]) -> Result<(), Failure> {
    for line in lines {
        let newer = |what: String| {
            Failure::new(Code::JournalNewer, "the journal was written by a newer version of the program")
                .expected(format!("format {} and events that this version knows", Format::CURRENT.0))
                .found(format!("{what} in envelope {}", line.seq()))
                .hint("go on with the version that wrote it; this one can still show and export it")
        };
        if line.format() > Format::CURRENT {
            return Err(newer(format!("format {}", line.format().0)));
        }
        if let Recorded::Unknown(event) = &line.read().map_err(Clone::clone)?.event {
            let kind = event.get("kind").and_then(serde_json::Value::as_str).unwrap_or("?");
            return Err(newer(format!("an event {kind:?}")));
        }
    }
    Ok(())
}

/// The sequence number is not the one that the writer expected.
#[must_use]
pub fn conflict(upgrade: UpgradeId, expected: u64, found: u64) -> Failure {
    Failure::new(Code::JournalConflict, format!("another process wrote to the journal of upgrade {upgrade}"))
        .expected(format!("{expected} envelopes"))
        .found(format!("{found} envelopes"))
        .hint("this process is late; start it again, it will read what the other one did")
}

/// There is no such upgrade.
#[must_use]
pub fn not_found(upgrade: UpgradeId) -> Failure {
    Failure::new(Code::UpgradeNotFound, format!("the journal has no upgrade {upgrade}"))
}
