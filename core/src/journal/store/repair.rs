//! What opening a store found and put right, as data for the report.

use super::disk::is_full;
use crate::{
    failure::{Code, Failure},
    journal::Damage,
    values::UpgradeId,
};
use serde::{Deserialize, Serialize};
use std::{fmt, io, path::Path};

/// One thing that was put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "repair", rename_all = "snake_case")]
pub enum Repair {
    /// The witness ended in a write that a crash cut off and that nobody was told had succeeded.
    TornTail {
        /// Whose.
        upgrade: UpgradeId,
        /// Envelopes before it.
        envelopes: u64,
        /// Bytes cut off.
        bytes: u64,
        /// Where they are now, below the store.
        moved_to: String,
    },
    /// The mirror was behind and was brought up from the witness.
    MirrorExtended {
        /// Whose.
        upgrade: UpgradeId,
        /// Envelopes before.
        from: u64,
        /// Envelopes now.
        to: u64,
    },
    /// The mirror's lines were missing or damaged and were written anew.
    MirrorRewritten {
        /// Whose.
        upgrade: UpgradeId,
        /// Envelopes.
        envelopes: u64,
    },
    /// The witness was missing, short or damaged and was written anew.
    WitnessRewritten {
        /// Whose.
        upgrade: UpgradeId,
        /// Good envelopes that it had at its beginning.
        had: u64,
        /// Envelopes now.
        envelopes: u64,
        /// Where the old one is now, below the store, when there was one.
        moved_to: Option<String>,
    },
    /// The list of upgrades was missing or damaged and was made anew.
    KnownRewritten {
        /// What was wrong.
        why: String,
    },
    /// A snapshot of sled that a kill interrupted was removed; sled would take it for its newest.
    SnapshotRemoved {
        /// Which.
        file: String,
    },
    /// sled could not open with its snapshots and could without; they were moved.
    SnapshotsMoved {
        /// What sled said.
        why: String,
        /// Where they are now, below the store.
        moved_to: String,
    },
    /// sled could not open, or did not keep what it was given; its folder was moved and a new one begun from the
    /// witness.
    MirrorMoved {
        /// What sled said, or what was found.
        why: String,
        /// Where it is now, below the store.
        moved_to: String,
    },
    /// By order, a damaged journal was cut after its last good envelope.
    CutByOrder {
        /// Whose.
        upgrade: UpgradeId,
        /// Envelopes kept.
        envelopes: u64,
        /// Envelopes that there must have been, at least.
        promised: u64,
        /// Where the witness as it was is now, below the store.
        moved_to: Option<String>,
    },
    /// The reserve of space is missing and there is no room for it.
    NoReserve {
        /// What the system said.
        why: String,
    },
}

impl Repair {
    /// Whether a kill or a power cut alone brings this about; the others point to damage.
    #[must_use]
    pub fn is_routine(&self) -> bool {
        matches!(self, Self::TornTail { .. } | Self::MirrorExtended { .. } | Self::SnapshotRemoved { .. })
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { upgrade, envelopes, bytes, moved_to } => write!(
                f,
                "upgrade {upgrade}: {bytes} bytes of an unfinished write after {envelopes} envelopes moved to \
                 {moved_to}"
            ),
            Self::MirrorExtended { upgrade, from, to } => {
                write!(f, "upgrade {upgrade}: second copy brought from {from} to {to} envelopes")
            }
            Self::MirrorRewritten { upgrade, envelopes } => {
                write!(f, "upgrade {upgrade}: second copy written anew, {envelopes} envelopes")
            }
            Self::WitnessRewritten { upgrade, had, envelopes, moved_to } => {
                write!(
                    f,
                    "upgrade {upgrade}: witness written anew, {had} good envelopes became {envelopes}"
                )?;
                moved_to.iter().try_for_each(|path| write!(f, "; the old one is {path}"))
            }
            Self::KnownRewritten { why } => write!(f, "list of upgrades made anew: {why}"),
            Self::SnapshotRemoved { file } => write!(f, "interrupted snapshot {file} removed"),
            Self::SnapshotsMoved { why, moved_to } => {
                write!(f, "snapshots of the second copy moved to {moved_to}: {why}")
            }
            Self::MirrorMoved { why, moved_to } => {
                write!(f, "second copy moved to {moved_to} and begun anew: {why}")
            }
            Self::CutByOrder { upgrade, envelopes, promised, moved_to } => {
                write!(f, "upgrade {upgrade}: cut by order to {envelopes} of {promised} envelopes")?;
                moved_to.iter().try_for_each(|path| write!(f, "; the old witness is {path}"))
            }
            Self::NoReserve { why } => write!(f, "no room for the reserve of space: {why}"),
        }
    }
}

/// How the second copy stood when the store was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mirror", rename_all = "snake_case")]
pub enum MirrorState {
    /// Being opened beside the work; what becomes of it is said when the journal settles.
    Opening,
    /// Open and compared.
    Open,
    /// It cannot be opened; the witness alone is written.
    Unavailable(Failure),
}

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenReport {
    /// Upgrades in the store.
    pub upgrades: u64,
    /// What was put right so far.
    pub repaired: Vec<Repair>,
    /// Upgrades that could not be put right. The others can be used.
    pub damaged: Vec<Damage>,
    /// The second copy.
    pub mirror: MirrorState,
}

/// A failure to write, with the code that says whether room is what lacks.
pub(super) fn unwritable(what: &str, path: &Path, error: io::Error) -> Failure {
    let place = path.display().to_string();
    if is_full(&error) {
        Failure::new(Code::DiskFull, what.to_owned())
            .found(place)
            .hint("free some space on this volume")
            .cause(error)
            .ask()
    } else {
        Failure::new(Code::JournalUnwritable, what.to_owned()).found(place).cause(error)
    }
}
