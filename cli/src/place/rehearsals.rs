//! What rehearsals came to, kept beside the journal.

use super::State;
use crate::output;
use mailsec_core::{Failure, values::Digest};
use mailsec_simulator::rehearsal::Rehearsal;
use std::path::PathBuf;

impl State {
    fn rehearsal(&self, plan: Digest) -> PathBuf {
        self.folder().join("rehearsals").join(format!("{plan}.json"))
    }

    /// Keeps what a rehearsal came to, in the place of an earlier one of the same plan.
    pub(crate) fn keep_rehearsal(&self, rehearsal: &Rehearsal) -> Result<PathBuf, Failure> {
        let path = self.rehearsal(rehearsal.plan);
        self.make_private(&path)?;
        output::save(&path, "rehearsal", &rehearsal.sealed())?;
        Ok(path)
    }

    /// What the rehearsal of a plan came to. One that is damaged counts as none: it can be made again at any time.
    pub(crate) fn kept_rehearsal(&self, plan: Digest) -> Option<Rehearsal> {
        let bytes = std::fs::read(self.rehearsal(plan)).ok()?;
        Rehearsal::read(&bytes).filter(|rehearsal| rehearsal.plan == plan)
    }
}
