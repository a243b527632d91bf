//! Whether what was done to the server was done once.

use crate::{World, explore::Trial, fate::Effect};
use mailsec_core::{plan::Observation, upgrade::Event, values::StepId};

/// What the event log calls an installation that was completed.
const INSTALLED: u32 = 11_707;

/// An effect that was completed is not begun again on the way forward, unless the program looked and did not find it,
/// a person said "again", or it was taken back.
pub(super) fn applied_once(trial: &Trial, world: &World, events: &[Event]) -> Result<(), String> {
    let effects = trial.host.effects();
    for (index, again) in effects.iter().enumerate() {
        let first = effects[..index].iter().rev().find(|first| same(first, again));
        let Some(first) = first.filter(|first| completed(world, first, again)) else { continue };
        let place = |effect: &Effect| usize::try_from(effect.seq).unwrap_or(usize::MAX);
        let between = events.get(place(first)..=place(again)).unwrap_or_default();
        if !between.iter().any(|event| allows(event, &again.step)) {
            return Err(format!(
                "{}: {} was done by event {}, and again by event {}, with nothing between that asks for it",
                again.step,
                again.text(),
                first.seq,
                again.seq
            ));
        }
    }
    Ok(())
}

fn same(one: &Effect, other: &Effect) -> bool {
    one.seq != other.seq && one.what == other.what && one.on == other.on && one.step == other.step
}

/// An installer goes on by itself; that it came to its end stands in the event log.
fn completed(world: &World, first: &Effect, again: &Effect) -> bool {
    let ended = || {
        let meanwhile = world.events.get(first.logged..again.logged).unwrap_or_default();
        meanwhile.iter().any(|event| event.id == INSTALLED && event.text.starts_with(&*again.on))
    };
    !first.goes_on || ended()
}

/// Whether an event lets a step's effect come again.
fn allows(event: &Event, of: &StepId) -> bool {
    match event {
        Event::StepObserved { step, observation } => {
            step == of && !matches!(observation, Observation::Applied(_))
        }
        Event::UndoIntended { step, .. } => step == of,
        Event::GateOpened { step, .. } => step == of,
        _ => false,
    }
}
