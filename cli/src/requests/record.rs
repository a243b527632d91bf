//! Journalling what a person said, while no process runs the upgrade.

use crate::{
    logging::{self, Told},
    place::Site,
    products::VERSION,
};
use mailsec_core::{
    Failure,
    engine::{Loaded, fits, load},
    failure::Code,
    journal::{Journal, Stamp},
    upgrade::{Actor, Event, Request, State},
    values::UpgradeId,
};

/// A request as an event.
pub(crate) fn requested(request: Request, note: &str, by: &str) -> Event {
    Event::Requested { request, by: Actor(by.to_owned()), note: note.to_owned() }
}

/// Journals one event of a person while no process runs the upgrade.
pub(crate) async fn record(
    site: &Site,
    journal: &mut dyn Journal,
    upgrade: UpgradeId,
    event: Event,
) -> Result<(), Failure> {
    let host = site.host();
    // What was judged before the journal was opened may have changed until then, by another process or by mending.
    let Loaded { state, len, .. } = load(&journal.read(upgrade)?);
    still_fits(&state, &event)?;
    logging::begin(&site.state);
    let stamp = Stamp { at: host.clock().now(), boot: host.power().boot().await?, engine: VERSION.into() };
    journal.append(upgrade, len, &stamp, &[event])?;
    journal.settle()?;
    // The log is told at once: it may be long until somebody takes the upgrade up.
    Told::open(&site.state, upgrade, &journal.read(upgrade)?);
    Ok(())
}

/// Whether an event of a person makes sense in this state.
fn still_fits(state: &State, event: &Event) -> Result<(), Failure> {
    fits(event)?;
    match event {
        Event::Requested { request, .. } => request.admit(state),
        Event::GateAnswered { gate, choice, items, .. } => match &state.gate {
            Some(open) if open.id == *gate => open.admit(*choice, items),
            _ => Err(Failure::new(Code::GateNotOpen, format!("the gate {gate} is not open any more"))
                .hint("`mailsec status` shows what is asked; nothing was changed")),
        },
        _ => Ok(()),
    }
}
