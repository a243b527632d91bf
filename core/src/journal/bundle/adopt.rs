//! Taking an upgrade out of a journal, and in.

use super::Bundle;
use crate::{
    failure::{Code, Failure},
    journal::{Format, Journal, Line},
    values::UpgradeId,
};
use serde::{Deserialize, Serialize};

/// A journal whose lines can be taken out and put in as they are.
pub trait Lines: Journal {
    /// Every line of an upgrade, its chain verified.
    ///
    /// # Errors
    /// As [`Journal::read`].
    fn lines(&self, upgrade: UpgradeId) -> Result<Vec<Line>, Failure>;

    /// Takes up lines that were verified as one chain from its beginning. What is there already must be their
    /// beginning; more than they have may be there too.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when what is there differs, or as [`Journal::append`].
    fn adopt(&mut self, upgrade: UpgradeId, lines: &[Line]) -> Result<Adopted, Failure>;
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adopted {
    /// The upgrade was not there.
    New,
    /// It was there as far as this many envelopes and was continued.
    Continued {
        /// Envelopes before.
        from: u64,
    },
    /// All of it was there.
    Already,
}

impl Adopted {
    /// What adopting `lines` over `present` means.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when one is not the beginning of the other.
    pub fn compare(upgrade: UpgradeId, present: &[Line], lines: &[Line]) -> Result<Self, Failure> {
        if let Some((here, there)) = present.iter().zip(lines).find(|(a, b)| a.hash() != b.hash()) {
            return Err(Failure::new(
                Code::JournalConflict,
                format!("the journal has another upgrade {upgrade}"),
            )
            .expected(format!("envelope {} with hash {}", here.seq(), here.hash()))
            .found(format!("hash {}", there.hash()))
            .hint("two histories cannot be joined; keep the bundle beside the journal"));
        }
        Ok(match present.len() {
            0 => Self::New,
            count if count >= lines.len() => Self::Already,
            count => Self::Continued { from: count as u64 },
        })
    }
}

/// Exports an upgrade.
///
/// # Errors
/// As [`Journal::read`].
pub fn export(journal: &(impl Lines + ?Sized), upgrade: UpgradeId) -> Result<Bundle, Failure> {
    Bundle::of(upgrade, &journal.lines(upgrade)?)
}

/// Imports an upgrade: verified first, refused when the journal has another history under that id, and the same
/// when it is done twice.
///
/// # Errors
/// [`Code::JournalDamaged`], [`Code::JournalNewer`], [`Code::JournalConflict`], or as [`Journal::append`].
pub fn import(journal: &mut (impl Lines + ?Sized), bundle: &Bundle) -> Result<Adopted, Failure> {
    let lines = bundle.verify()?;
    if let Some(line) = lines.iter().find(|line| line.format() > Format::CURRENT) {
        return Err(Failure::new(Code::JournalNewer, "the export was made by a newer version")
            .expected(format!("envelopes of format {}", Format::CURRENT.0))
            .found(format!("format {} in envelope {}", line.format().0, line.seq())));
    }
    journal.adopt(bundle.upgrade, &lines)
}
