//! A report as a file has it, for other programs.

use super::Loaded;
use crate::{
    journal::{Tip, WitnessState, Witnessed},
    upgrade::Report,
    values::{Digest, UpgradeId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const FORMAT: u16 = 1;

/// An upgrade's report, with what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFile {
    /// Format of this file. A higher one has fields of another meaning; new fields do not make it higher.
    #[schemars(extend("const" = FORMAT))]
    pub format: u16,
    /// Which upgrade.
    pub upgrade: UpgradeId,
    /// The report.
    pub report: Report,
    /// The chain that proves it.
    pub chain: ReportChain,
    /// How the journal stands that it was made from.
    pub journal: WitnessState,
}

/// The end of the chain of envelopes that a report was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportChain {
    /// Envelopes in it.
    pub envelopes: u64,
    /// Hash of the last one, as `mailsec journal verify` prints it.
    pub head: Digest,
}

impl ReportFile {
    /// The format that this version writes.
    pub const FORMAT: u16 = FORMAT;

    /// Of an upgrade as its witness has it.
    #[must_use]
    pub fn of(upgrade: UpgradeId, witnessed: &Witnessed, loaded: &Loaded) -> Self {
        let Tip { count: envelopes, hash: head } = Tip::of(&witnessed.lines);
        Self {
            format: FORMAT,
            upgrade,
            report: loaded.report.clone(),
            chain: ReportChain { envelopes, head },
            journal: witnessed.state.clone(),
        }
    }
}
