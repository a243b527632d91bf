//! Whole upgrades: undisturbed, and cut at every point.

use crate::{Check, tally::Tally};
use mailsec_simulator::explore::{Calm, Crash, Subject, every_point};

/// Counts of whole upgrades.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Explored {
    pub(crate) points: usize,
    pub(crate) runs: usize,
}

/// Runs a plan undisturbed, then cuts it at every point, both ways.
pub(crate) fn upgrades(subject: &Subject, tally: &mut Tally) -> Explored {
    let calm = match Calm::of(subject) {
        Ok(calm) => calm,
        Err(why) => {
            tally.check(Check::Undisturbed, Err(why));
            return Explored::default();
        }
    };
    tally.check(Check::Undisturbed, Ok(()));
    let mut explored = Explored { points: calm.points.len(), runs: 1 };
    for crash in Crash::BOTH {
        let all = every_point(subject, &calm, crash, 1);
        explored.runs += all.runs;
        tally.count(Check::Survives, all.runs - all.wrong.len());
        for wrong in all.complaints(&subject.name) {
            tally.check(Check::Survives, Err(wrong));
        }
    }
    explored
}
