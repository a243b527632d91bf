//! The comparison of a product's settings before and after, as the step that compared them journaled it.

use super::Record;
use mailsec_core::{
    plan::{Evidence, Outcome, Snapshot},
    upgrade::StepState,
};

/// A comparison of settings.
pub(super) struct Compared<'r> {
    /// Which step compared, as its position in the plan.
    pub(super) step: usize,
    /// In a line.
    pub(super) summary: &'r str,
    /// Entries that came out the same, changed, new, lost; and of the lost those that should not be.
    pub(super) counts: [(&'static str, &'r str); 5],
    /// The differences.
    pub(super) differences: &'r [Evidence],
}

impl Record<'_> {
    /// The comparison, by what it left and not by the name of a vendor's step.
    pub(super) fn compared(&self) -> Option<Compared<'_>> {
        self.state().steps.iter().enumerate().find_map(|(step, progress)| {
            let StepState::Done(Outcome {
                summary,
                evidence,
                output: Some(Snapshot::Vendor { values, .. }),
                ..
            }) = &progress.state
            else {
                return None;
            };
            let count = |name: &str| values.get(name).map(String::as_str);
            Some(Compared {
                step,
                summary,
                counts: [
                    ("preserved", count("preserved")?),
                    ("changed", count("changed")?),
                    ("new, with the product's defaults", count("newly-defaulted")?),
                    ("lost", count("lost")?),
                    ("lost that should have been preserved", count("alarms")?),
                ],
                differences: evidence,
            })
        })
    }
}
