//! Bringing the mirror to where the witness was acknowledged.

use super::worker::Worker;
use crate::{
    failure::{Code, Failure},
    journal::{
        Line, Tip,
        store::{repair::Repair, sled_copy::SledCopy, witness},
    },
    values::UpgradeId,
};
use std::path::Path;

/// Upgrades whose lines are all compared when the mirror opens; of older ones only the tip is.
const COMPARED: usize = 3;

/// How the mirror stands beside an upgrade's witness.
pub(super) enum Compared {
    Same,
    /// It has the beginning of these, so many.
    Short(usize, Vec<Line>),
    /// It has not these, and nothing that they contradict.
    Other(Vec<Line>),
    /// Who is right takes both copies and the writer.
    Disputed(Failure),
}

impl Worker {
    /// Brings every upgrade up to date.
    pub(super) fn catch_up_all(&mut self) {
        let dir = self.dir.clone();
        let old = self.tips.len().saturating_sub(COMPARED);
        for (place, (upgrade, tip)) in self.tips.clone().into_iter().enumerate() {
            let compared = self.on(|copy| match place < old && copy.tip(upgrade)? == Some(tip) {
                true => Ok(Compared::Same),
                false => compare(&dir, copy, upgrade, tip),
            });
            match compared {
                None | Some(Compared::Same) => {}
                Some(Compared::Disputed(failure)) => self.findings.dispute(upgrade, failure),
                Some(Compared::Short(from, lines)) => {
                    self.write(upgrade, |copy| copy.append(upgrade, &lines));
                    let from = from as u64;
                    self.findings.repaired(Repair::MirrorExtended { upgrade, from, to: tip.count });
                }
                Some(Compared::Other(lines)) => {
                    self.write(upgrade, |copy| copy.replace(upgrade, &lines));
                    self.findings.repaired(Repair::MirrorRewritten { upgrade, envelopes: tip.count });
                }
            }
        }
    }
}

/// Compares sled's copy of an upgrade with the witness, as far as that was acknowledged.
pub(super) fn compare(
    dir: &Path,
    copy: &SledCopy,
    upgrade: UpgradeId,
    acknowledged: Tip,
) -> Result<Compared, Failure> {
    let fetched = copy.fetch(upgrade)?;
    let mut lines = witness::load(dir, upgrade)
        .map_err(|error| Failure::new(Code::JournalUnwritable, "a witness cannot be read").cause(error))?
        .lines;
    // Only what was acknowledged: the writer may be in the middle of an append.
    lines.truncate(usize::try_from(acknowledged.count).unwrap_or(usize::MAX));
    let differs = fetched.lines.iter().any(|(seq, line)| {
        usize::try_from(*seq)
            .ok()
            .and_then(|seq| lines.get(seq))
            .is_none_or(|ours| ours.hash() != line.hash())
    });
    if Tip::of(&lines) != acknowledged || differs || fetched.promised() > acknowledged.count {
        let known = fetched.promised();
        let failure = Failure::new(
            Code::JournalDamaged,
            format!("the two copies of the journal of upgrade {upgrade} do not agree"),
        )
        .expected(format!("{} envelopes, as were acknowledged", acknowledged.count))
        .found(format!("{} good ones in the witness, {known} in the second copy", lines.len()))
        .hint("open the journal again; opening compares the copies line by line and mends what can be");
        return Ok(Compared::Disputed(failure));
    }
    if fetched.is(&lines) {
        return Ok(Compared::Same);
    }
    let from = fetched.lines.len();
    Ok(match fetched.is(lines.get(..from).unwrap_or_default()) {
        true => Compared::Short(from, lines),
        false => Compared::Other(lines),
    })
}
