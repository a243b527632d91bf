//! The facts that plans were made from, kept beside the journal.

use super::State;
use crate::output;
use mailsec_core::{Failure, failure::Code, plan::Plan, product::Captured, values::Digest};
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

    /// The facts that a plan was made from.
    pub(crate) fn kept_facts(&self, plan: &Plan) -> Result<Captured, Failure> {
        let path = self.facts(plan.facts);
        if !path.exists() {
            return Err(Failure::new(
                Code::FactsUnfit,
                "the facts that this plan was made from are not kept here",
            )
            .expected(path.display().to_string())
            .hint("--captured FILE gives them, and --state FOLDER or --host says where else they are kept; or make the plan again"));
        }
        read_facts(&path)
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

/// Reads captured facts.
pub(crate) fn read_facts(file: &Path) -> Result<Captured, Failure> {
    let bytes = std::fs::read(file).map_err(|error| {
        Failure::new(Code::FactsDamaged, "the captured facts cannot be read")
            .found(file.display().to_string())
            .cause(error)
            .hint("`mailsec capture --out FILE` captures them")
    })?;
    Captured::read(&bytes)
}
