//! The facts that plans were made from, kept beside the journal.

use super::State;
use crate::output;
use mailsec_core::{Failure, product::Captured, values::Digest};
use std::path::{Path, PathBuf};

impl State {
    /// Where facts with this digest are kept.
    pub(crate) fn facts(&self, digest: Digest) -> PathBuf {
        self.folder().join("facts").join(format!("{digest}.json"))
    }

    /// Keeps facts, whole or not at all, for administrators only.
    pub(crate) fn keep_facts(&self, captured: &Captured) -> Result<PathBuf, Failure> {
        let path = self.facts(captured.digest());
        self.make_private(&path)?;
        output::save(&path, "facts", &captured.sealed())?;
        Ok(path)
    }

    /// Facts that were kept; none when they are not there, or not those.
    pub(crate) fn read_facts(&self, digest: Digest) -> Option<Captured> {
        let captured = Captured::read(&std::fs::read(self.facts(digest)).ok()?).ok()?;
        (captured.digest() == digest).then_some(captured)
    }

    /// The folder of a file that is for administrators only.
    pub(crate) fn make_private(&self, file: &Path) -> Result<(), Failure> {
        #[cfg(windows)]
        super::private_state(self)?;
        match file.parent() {
            Some(folder) => super::private_folder(folder),
            None => Ok(()),
        }
    }
}
