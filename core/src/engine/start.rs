//! Beginning an upgrade, and loading one.

use crate::{
    failure::{Code, Failure},
    journal::{Envelope, Journal, Recorded, Stamp},
    plan::{Plan, lint},
    upgrade::{Event, Position, Rehearsed, Report, Standing, State},
    values::{Digest, UpgradeId},
};
use std::sync::Arc;

/// An upgrade as the journal has it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its state.
    pub state: State,
    /// Its report.
    pub report: Report,
    /// Envelopes it has.
    pub len: u64,
}

/// Folds an upgrade's envelopes to its state.
#[must_use]
pub fn fold(envelopes: &[Envelope]) -> State {
    let mut state = State::default();
    for envelope in envelopes {
        match &envelope.event {
            Recorded::Known(event) => {
                state.apply(Position { at: envelope.at, engine: &envelope.engine }, event);
            }
            Recorded::Unknown(_) => state.pass_over(),
        }
    }
    state
}

/// Folds an upgrade's envelopes to its state and its report.
#[must_use]
pub fn load(envelopes: &[Envelope]) -> Loaded {
    let mut report = Report::default();
    for envelope in envelopes {
        match &envelope.event {
            Recorded::Known(event) => {
                report.apply(Position { at: envelope.at, engine: &envelope.engine }, event);
            }
            Recorded::Unknown(_) => report.pass_over(),
        }
    }
    Loaded { state: fold(envelopes), report, len: u64::try_from(envelopes.len()).unwrap_or(u64::MAX) }
}

/// Journals a plan that was shown. Nothing is changed on the server yet.
///
/// # Errors
/// [`Code::PlanDamaged`] when it is not the plan that was shown, [`Code::PlanLint`] when it breaks a rule,
/// [`Code::UpgradeInProgress`] when another upgrade is not finished; from the journal.
pub fn begin(
    journal: &mut dyn Journal,
    upgrade: UpgradeId,
    plan: &Plan,
    shown: Digest,
    stamp: &Stamp,
) -> Result<(), Failure> {
    begin_rehearsed(journal, upgrade, plan, shown, None, stamp)
}

/// As [`begin`], with what a rehearsal of the plan came to: both are durable together.
///
/// # Errors
/// As [`begin`]; [`Code::PlanDamaged`] also when another plan was rehearsed.
pub fn begin_rehearsed(
    journal: &mut dyn Journal,
    upgrade: UpgradeId,
    plan: &Plan,
    shown: Digest,
    rehearsed: Option<Rehearsed>,
    stamp: &Stamp,
) -> Result<(), Failure> {
    if let Some(other) = rehearsed.as_ref().map(|rehearsed| rehearsed.plan).filter(|other| *other != shown) {
        return Err(Failure::new(Code::PlanDamaged, "this is not the plan that was rehearsed")
            .expected(format!("plan {}", other.short()))
            .found(format!("plan {}", shown.short())));
    }
    if plan.hash() != shown {
        return Err(Failure::new(Code::PlanDamaged, "this is not the plan that was shown")
            .expected(format!("plan {}", shown.short()))
            .found(format!("plan {}", plan.hash().short())));
    }
    let broken = lint(plan);
    if let Some(first) = broken.first() {
        return Err(broken.iter().skip(1).fold(first.clone(), |all, next| all.cause(next)));
    }
    for other in journal.upgrades()? {
        let standing = fold(&journal.read(other)?).standing;
        if !matches!(standing, Standing::Finished(_) | Standing::Empty) {
            return Err(Failure::new(
                Code::UpgradeInProgress,
                "another upgrade of this server is not finished",
            )
            .found(format!("upgrade {other}"))
            .hint("`mailsec status` shows it; finish it with `mailsec resume`, or take it back with `mailsec rollback`"));
        }
    }
    let planned = Event::Planned { plan: Arc::new(plan.clone()), hash: shown };
    let events: Vec<Event> = std::iter::once(planned).chain(rehearsed.map(Event::Rehearsed)).collect();
    journal.append(upgrade, 0, stamp, &events)?;
    Ok(())
}
