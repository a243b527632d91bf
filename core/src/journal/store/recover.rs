//! What the bytes of a witness give when it is opened: the store's own reading and judgement, without a store.
//!
//! For a device that is itself simulated. There is no second copy behind it, so what the witness has must be enough.

use super::{
    known::Record,
    reconcile::{Verdict, judge},
    sled_copy::Fetched,
    witness,
};
use crate::{
    failure::Failure,
    journal::{
        Damage, Envelope, Line, Tip,
        chain::{self, envelopes},
    },
    values::UpgradeId,
};

/// What a witness gave.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Its chain; empty for an upgrade whose first append was never acknowledged.
    pub lines: Vec<Line>,
    /// Whether the file is not just these lines: it ends in a write that was cut off, and must be written anew
    /// before anything is appended.
    pub torn: bool,
}

/// Reads a witness whose upgrade was acknowledged at least as far as `acknowledged`, if ever. The list of upgrades
/// that says so is taken to be whole. `known` are lines that were found in it before: every byte is hashed anew, and what
/// has the hash that it had need not be decoded anew.
///
/// # Errors
/// When envelopes that must be there are missing or changed.
pub fn recover(
    upgrade: UpgradeId,
    bytes: &[u8],
    acknowledged: Option<Tip>,
    known: &[Line],
) -> Result<Recovered, Damage> {
    let scan = witness::scan_again(upgrade, bytes, known);
    let torn = scan.tail != witness::Tail::Clean;
    let record = acknowledged.map(|tip| Record { tip, bytes: 0 });
    match judge(upgrade, &scan, record, &Ok(Fetched::default()), true) {
        Verdict::Whole(lines) => Ok(Recovered { lines, torn }),
        Verdict::NeverBegan => Ok(Recovered { lines: Vec::new(), torn }),
        Verdict::Damaged(damage, _) => Err(damage),
    }
}

impl Recovered {
    /// Its envelopes.
    ///
    /// # Errors
    /// As [`Line::envelope`].
    pub fn envelopes(&self) -> Result<Vec<Envelope>, Failure> {
        envelopes(&self.lines)
    }

    /// Whether this version may write behind them.
    ///
    /// # Errors
    /// [`Code::JournalNewer`](crate::Code::JournalNewer).
    pub fn writable(&self) -> Result<(), Failure> {
        chain::writable(&self.lines)
    }

    /// The witness as it must be: these lines and nothing else.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.lines.iter().map(Line::text_len).sum());
        self.lines.iter().for_each(|line| line.write_to(&mut text));
        text
    }
}
