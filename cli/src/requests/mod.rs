//! What a person says to an upgrade, from a terminal or the web page: recorded where no process runs it, else handed to that
//! process.

mod answer;
mod hand_over;
mod record;
mod request;

use crate::{
    args::Common,
    place::{Site, Sources, State, unread},
};
pub(crate) use answer::answer_by;
pub(crate) use hand_over::Fate;
use mailsec_core::{Failure, engine::Loaded, failure::Code, journal::WitnessState, values::UpgradeId};
pub(crate) use record::{record, requested};
use request::reason_given;
pub(crate) use request::{admitted, handed_over, journal_or_fate, request_by};

/// The upgrade that somebody speaks of. A damaged witness does not say what is asked: opening the journal mends it from the
/// second copy.
async fn spoken_of(
    common: &Common,
    state: &State,
    named: Option<&str>,
) -> Result<(UpgradeId, Loaded), Failure> {
    let (upgrade, witnessed, loaded) = state.choose(named)?;
    let WitnessState::Damaged(damage) = witnessed.state else { return Ok((upgrade, loaded)) };
    let site = Site::open(common, &Sources::read(common)?)?;
    match site.journal().await {
        Ok(journal) => state.choose_in(journal.as_ref(), named),
        Err(failure) if failure.code == Code::JournalLocked => Err(unread(&damage)),
        Err(failure) => Err(failure),
    }
}
