//! Whether sled still has what it was given when it is opened again.
//!
//! sled opens a log whose first segment has a damaged header from its snapshot, without a word: what was in the
//! snapshot is there, what is written can be read, and none of that is there the next time. Nothing short of opening
//! it again shows this, so that is what is done: after the first lines of a process, and at each settling that has
//! something new. A copy that does not keep what it is given is moved aside and begun anew from the witness.

use super::{
    catch_up::{Compared, compare},
    worker::{Worker, closed, forgetful},
};
use crate::{
    failure::Failure,
    journal::{
        Tip,
        store::sled_copy::{Fetched, SledCopy},
    },
    values::UpgradeId,
};
use std::collections::BTreeMap;

impl Worker {
    /// Flushes, and makes sure that what was written since the last time is kept. Closes the copy when that cannot
    /// be found out.
    pub(super) fn prove(&mut self) {
        self.flush();
        if self.unproven.is_empty() || self.copy.is_err() {
            return;
        }
        self.was_tried = true;
        if !self.forgets {
            match self.keeps() {
                Ok(true) => return self.unproven.clear(),
                Ok(false) => self.forgets = true,
                Err(failure) => return self.give_up(failure),
            }
        }
        if !self.witness_has_all() {
            return;
        }
        let why = "it does not keep what is written to it";
        self.copy = Err(closed());
        self.copy = SledCopy::begin_anew(&self.dir, &self.disk, &self.quarantine, why, &mut |repair| {
            self.findings.repaired(repair);
        });
        self.forgets = false;
        self.catch_up_all();
        self.flush();
        match self.keeps() {
            Ok(true) => self.unproven.clear(),
            Ok(false) => self.give_up(forgetful()),
            Err(failure) => self.give_up(failure),
        }
    }

    fn give_up(&mut self, failure: Failure) {
        tracing::warn!(%failure, "the journal's second copy failed");
        self.copy = Err(failure);
    }

    /// Opens sled again; whether it has what it had.
    fn keeps(&mut self) -> Result<bool, Failure> {
        let before = self.contents()?;
        self.copy = Err(closed());
        self.copy = SledCopy::reopen(&self.dir, &self.disk);
        Ok(self.contents()? == before)
    }

    /// Every tip, and every line of what was written to.
    fn contents(&self) -> Result<(BTreeMap<UpgradeId, Tip>, Vec<Fetched>), Failure> {
        let copy = self.open_copy()?;
        let fetched: Result<_, Failure> = self.unproven.iter().map(|upgrade| copy.fetch(*upgrade)).collect();
        Ok((copy.tips()?, fetched?))
    }

    /// Whether nothing is lost with this copy. Where the witness does not have all, this may be the good one, and the
    /// writer compares them first.
    fn witness_has_all(&self) -> bool {
        let Ok(copy) = self.open_copy() else { return false };
        let mut all =
            copy.tips().is_ok_and(|tips| tips.keys().all(|upgrade| self.tips.contains_key(upgrade)));
        for (upgrade, tip) in &self.tips {
            match compare(&self.dir, copy, *upgrade, *tip) {
                Ok(Compared::Disputed(failure)) => self.findings.dispute(*upgrade, failure),
                Ok(_) => {}
                Err(_) => all = false,
            }
        }
        all && !self.findings.in_dispute()
    }
}
