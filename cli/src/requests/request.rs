//! Journaled requests: pause, cancel, roll back, abandon.

use super::{
    hand_over::{Fate, hand_over},
    record, requested, spoken_of,
};
use crate::{
    args::{Common, RequestOf},
    output::Reply,
    people::Inbox,
    place::{Site, Sources, State},
    show,
};
use mailsec_core::{
    Failure,
    engine::{Loaded, Message, Said},
    failure::Code,
    upgrade::Request,
    values::UpgradeId,
};
use serde_json::json;

/// A request of somebody who does not carry it out: it is journaled, and carried out by the process that runs the upgrade, or by
/// the next one that takes it up.
pub(crate) async fn request_by(
    common: &Common,
    of: &RequestOf,
    request: Request,
    by: &str,
) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, loaded) = admitted(common, &state, of, request).await?;
    let site = Site::open(common, &Sources::read(common)?)?;
    match journal_or_fate(&site, &state, upgrade, request, &of.note, by).await? {
        Fate::Free(mut journal) => {
            let event = requested(request, &of.note, by);
            record(&site, journal.as_mut(), upgrade, event).await?;
            let program = show::program(&loaded.state);
            Ok(Reply::new(
                format!(
                    "Journaled: {request}. No process runs this upgrade now; `{program} resume` carries it out."
                ),
                json!({ "upgrade": upgrade, "request": request, "handed_over": false }),
            ))
        }
        fate => Ok(handed_over(upgrade, request, &fate)),
    }
}

/// The upgrade that is meant, where the request makes sense in its state.
pub(crate) async fn admitted(
    common: &Common,
    state: &State,
    of: &RequestOf,
    request: Request,
) -> Result<(UpgradeId, Loaded), Failure> {
    let (upgrade, loaded) = spoken_of(common, state, of.which.upgrade.as_deref()).await?;
    request.admit(&loaded.state)?;
    if request == Request::Abandon {
        reason_given(&of.note)?;
    }
    Ok((upgrade, loaded))
}

/// Whoever abandons an upgrade says why.
pub(crate) fn reason_given(note: &str) -> Result<(), Failure> {
    if note.trim().is_empty() {
        return Err(Failure::new(
            Code::RequestRefused,
            "abandoning leaves the server as it is, and wants a reason",
        )
        .expected("--note REASON")
        .hint("the reason stands in the report; nothing was changed"));
    }
    Ok(())
}

/// The journal, where no process runs the upgrade; else the request goes to that process.
pub(crate) async fn journal_or_fate(
    site: &Site,
    state: &State,
    upgrade: UpgradeId,
    request: Request,
    note: &str,
    by: &str,
) -> Result<Fate, Failure> {
    match site.journal().await {
        Ok(journal) => Ok(Fate::Free(journal)),
        Err(failure) if failure.code == Code::JournalLocked => {
            let message = Message {
                id: uuid::Uuid::now_v7().to_string(),
                said: Said::Request(request),
                by: by.to_owned(),
                note: note.to_owned(),
            };
            hand_over(site, &Inbox::new(state.inbox(upgrade)), &message).await
        }
        Err(failure) => Err(failure),
    }
}

/// What is answered to whoever asked, where a process runs the upgrade.
pub(crate) fn handed_over(upgrade: UpgradeId, request: Request, fate: &Fate) -> Reply {
    let when = match fate {
        Fate::Taken => "which took it: it is carried out at the next safe point",
        Fate::Waits | Fate::Free(_) => "which takes it at its next safe point",
    };
    Reply::new(
        show::wrap("", "", &format!("Handed to the running process: {request}, {when}.")),
        json!({ "upgrade": upgrade, "request": request, "handed_over": true }),
    )
}
