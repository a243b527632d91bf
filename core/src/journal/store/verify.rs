//! Checking both copies, and reading or restoring where one of them is damaged.

use super::{
    disk_journal::DiskJournal,
    known::Record,
    repair::unwritable,
    witness::{self, Tail},
};
use crate::{
    failure::{Code, Failure},
    journal::{Adopted, Damage, Line, Tip, chain::merge},
    values::UpgradeId,
};
use serde::{Deserialize, Serialize};

/// How one copy of an upgrade stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CopyState {
    /// One chain, as long as was acknowledged.
    Whole,
    /// A chain that ends too early, or with a write that was cut off.
    Short {
        /// Good envelopes.
        envelopes: u64,
    },
    /// There is damage.
    Damaged {
        /// Good envelopes before it.
        envelopes: u64,
    },
    /// It cannot be read.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// One upgrade, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Which.
    pub upgrade: UpgradeId,
    /// Where its chain must end.
    pub tip: Tip,
    /// The witness.
    pub witness: CopyState,
    /// The second copy.
    pub mirror: CopyState,
    /// What cannot be mended, if anything.
    pub damage: Option<Damage>,
}

/// The whole store, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Every upgrade.
    pub upgrades: Vec<Verified>,
}

impl Verification {
    /// Whether both copies of everything are whole.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.upgrades.iter().all(|found| {
            found.witness == CopyState::Whole && found.mirror == CopyState::Whole && found.damage.is_none()
        })
    }
}

impl DiskJournal {
    /// Reads both copies of every upgrade to the last line and compares them. Changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn verify(&self) -> Result<Verification, Failure> {
        let upgrades: Result<Vec<Verified>, Failure> =
            self.every_upgrade().into_iter().map(|upgrade| self.verify_one(upgrade)).collect();
        Ok(Verification { upgrades: upgrades? })
    }

    fn verify_one(&self, upgrade: UpgradeId) -> Result<Verified, Failure> {
        let tip = self.known.get(upgrade).map_or(Tip::EMPTY, |record| record.tip);
        let scan = witness::load(&self.dir, upgrade)
            .map_err(|error| unwritable("a witness cannot be read", &self.dir, error))?;
        let good = scan.lines.len() as u64;
        let witness = match scan.tail {
            Tail::Damaged => CopyState::Damaged { envelopes: good },
            Tail::Clean if Tip::of(&scan.lines) == tip => CopyState::Whole,
            _ => CopyState::Short { envelopes: good },
        };
        let mirror = match self.mirror.fetch(upgrade) {
            Err(failure) => CopyState::Unreadable { why: failure.to_string() },
            Ok(fetched) => {
                let lines = merge(upgrade, &[&fetched.lines]).lines;
                let envelopes = lines.len() as u64;
                if fetched.is(&lines) && Tip::of(&lines) == tip {
                    CopyState::Whole
                } else if fetched.odd || fetched.lines.len() > lines.len() {
                    CopyState::Damaged { envelopes }
                } else {
                    CopyState::Short { envelopes }
                }
            }
        };
        Ok(Verified { upgrade, tip, witness, mirror, damage: self.damaged.get(&upgrade).cloned() })
    }

    /// The lines of an upgrade whose witness no longer holds them all: filled in from the mirror. Reading does not
    /// mend; the next append or the next opening does.
    pub(super) fn merged(&self, upgrade: UpgradeId, record: Record) -> Result<Vec<Line>, Failure> {
        let scan = witness::load(&self.dir, upgrade)
            .map_err(|error| unwritable("a witness cannot be read", &self.dir, error))?;
        let fetched = self.mirror.fetch(upgrade).unwrap_or_default();
        let merged = merge(upgrade, &[&scan.by_seq(), &fetched.lines]);
        let mut lines = merged.lines;
        if merged.fork || !record.is_in(&lines) {
            let why = "envelopes are missing or changed in every copy, or the copies differ";
            return Err(Damage::after(upgrade, &lines, record.tip.count, why).failure());
        }
        if self.mirror.dispute(upgrade).is_none() {
            // What stands behind was never acknowledged.
            lines.truncate(usize::try_from(record.tip.count).unwrap_or(usize::MAX));
        }
        Ok(lines)
    }

    /// Restores a damaged upgrade from lines that were exported: they must contain everything that is still good
    /// and reach as far as was promised.
    pub(super) fn restore(
        &mut self,
        upgrade: UpgradeId,
        damage: &Damage,
        lines: &[Line],
    ) -> Result<Adopted, Failure> {
        let scan = witness::load(&self.dir, upgrade)
            .map_err(|error| unwritable("a witness cannot be read", &self.dir, error))?;
        let fetched = self.mirror.fetch(upgrade).unwrap_or_default();
        let record = self.known.get(upgrade);
        let all = lines.iter().map(|line| (line.seq(), line.clone())).collect();
        let merged = merge(upgrade, &[&scan.by_seq(), &fetched.lines, &all]);
        let reaches = merged.lines.len() as u64 >= damage.promised
            && record.is_none_or(|record| record.is_in(&merged.lines));
        if merged.fork || !reaches {
            return Err(Failure::new(Code::JournalConflict, "the export does not mend the damaged journal")
                .expected(format!("a continuation of what is good to at least {} envelopes", damage.promised))
                .found(match merged.fork {
                    true => "another history".to_owned(),
                    false => format!("{} envelopes together", merged.lines.len()),
                }));
        }
        let from = damage.last_good.as_ref().map_or(0, |last| last.seq + 1);
        self.make_equal(upgrade, &scan, record, Some(&fetched), &merged.lines, None)?;
        Ok(Adopted::Continued { from })
    }
}
