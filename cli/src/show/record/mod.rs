//! All that a written report says, in no form yet. It is made from an upgrade's envelopes and nothing else: the same
//! journal makes the same report, to the last byte, at any time and after any failure.

mod course;
mod html;
mod junit;
mod markdown;
mod outcome;
mod plain;
mod settings;
mod statements;
#[cfg(test)]
mod tests;

pub(crate) use html::{STYLE, page};
pub(crate) use junit::junit;
pub(crate) use markdown::markdown;
pub(crate) use plain::{plain, todo};

use mailsec_core::{
    engine::Loaded,
    journal::{Damage, Envelope, WitnessState, Witnessed},
    upgrade::{Report, ReportStep, State, StepResult},
    values::{Digest, UpgradeId},
};

/// An upgrade as its journal has it.
pub(crate) struct Record<'r> {
    /// Which.
    pub(crate) upgrade: UpgradeId,
    /// Its envelopes, as far as they can be read.
    pub(crate) envelopes: &'r [Envelope],
    /// What they fold to.
    pub(crate) loaded: &'r Loaded,
    /// Hash of the last of them.
    pub(crate) head: Digest,
    /// What stands behind them.
    pub(crate) witness: &'r WitnessState,
}

impl<'r> Record<'r> {
    /// What was read of an upgrade.
    pub(crate) fn of(upgrade: UpgradeId, witnessed: &'r Witnessed, loaded: &'r Loaded) -> Self {
        Self {
            upgrade,
            envelopes: &witnessed.envelopes,
            loaded,
            head: witnessed.lines.last().map_or(Digest::ZERO, |line| line.hash()),
            witness: &witnessed.state,
        }
    }
}

impl Record<'_> {
    fn report(&self) -> &Report {
        &self.loaded.report
    }

    fn state(&self) -> &State {
        &self.loaded.state
    }

    /// What is wrong with the journal, if anything is.
    pub(super) fn damage(&self) -> Option<&Damage> {
        match self.witness {
            WitnessState::Damaged(damage) => Some(damage),
            WitnessState::Whole | WitnessState::TornTail { .. } => None,
        }
    }

    /// Whether mail was watched here: a cluster's run leaves that to its nodes, a management server shows none.
    fn watches_mail(&self) -> bool {
        !self.report().elsewhere && !super::report::of_nodes(self.loaded)
    }

    /// How long it took, from start to last event, in milliseconds.
    fn took_ms(&self) -> u64 {
        let report = self.report();
        report.started.as_ref().zip(report.last).map_or(0, |(start, last)| ms(start.at, last))
    }
}

/// Milliseconds as a person says them; what is there and hardly measurable is not nothing.
fn span(ms: u64) -> String {
    if (1..100).contains(&ms) { "under 0.1 s".to_owned() } else { super::text::span(ms) }
}

/// How long a step took, in milliseconds; `None` while it has no outcome, and when the way back passed it: what passed
/// until then is not the step's.
fn step_ms(step: &ReportStep) -> Option<u64> {
    let ended = step.ended.filter(|_| !matches!(step.result, StepResult::Undone | StepResult::Kept));
    step.began.zip(ended).map(|(began, ended)| ms(began, ended))
}

fn ms(from: mailsec_core::values::Timestamp, to: mailsec_core::values::Timestamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}
