//! `pause`, `cancel`, `rollback`, `abandon`: journaled requests, carried out at the next safe point.

use super::{drive, wanted};
use crate::{
    args::{Common, RequestOf},
    output::Reply,
    people::{Inbox, actor},
    place::{Site, Sources, State},
};
use mailsec_core::{
    Failure,
    engine::{Message, Said},
    failure::Code,
    upgrade::Request,
};
use serde_json::json;

pub(crate) async fn request(common: &Common, of: &RequestOf, request: Request) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, _, loaded) = state.choose(of.which.upgrade.as_deref())?;
    request.admit(&loaded.state)?;
    if request == Request::Abandon && of.note.is_empty() {
        return Err(Failure::new(
            Code::RequestRefused,
            "abandoning leaves the server as it is, and wants a reason",
        )
        .expected("--note REASON")
        .hint("the reason stands in the report"));
    }
    let mut secrets = Sources::for_server(common)?;
    if let Some(plan) = &loaded.state.plan {
        secrets.none_unwanted(common, &wanted::ever(plan))?;
    }
    let site = Site::open(common, &secrets)?;
    match site.journal().await {
        Ok(mut journal) => {
            if let Some(plan) = loaded.state.plan.as_ref().filter(|_| request != Request::Pause) {
                secrets.ask(&wanted::for_the_way_back(plan, &loaded.state), common)?;
            }
            let site = site.with_secrets(common, &secrets)?;
            let event = drive::requested(request, &of.note);
            drive::record(&site, journal.as_mut(), upgrade, event).await?;
            drive::drive(common, &site, journal.as_mut(), upgrade).await
        }
        Err(failure) if failure.code == Code::JournalLocked => {
            Inbox::new(state.inbox(upgrade)).put(&Message {
                id: uuid::Uuid::now_v7().to_string(),
                said: Said::Request(request),
                by: actor(),
                note: of.note.clone(),
            })?;
            Ok(Reply::new(
                format!("Handed to the running process: {request}, at its next safe point."),
                json!({ "upgrade": upgrade, "request": request }),
            ))
        }
        Err(failure) => Err(failure),
    }
}
