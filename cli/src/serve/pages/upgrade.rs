//! One upgrade: where it stands, kept up to date while it runs.

use super::{
    Refusal,
    ask::REQUESTS,
    frame::Page,
    now::{heading, over, region, said},
};
use crate::{
    serve::{
        app::{App, id},
        keys::Session,
    },
    show,
};
use axum::{
    Extension,
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Response},
};
use maud::html;
use std::sync::Arc;

/// How often the page is loaded again where no script keeps it up, in seconds.
const AGAIN: u32 = 5;

pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(upgrade): Path<String>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    let read = app.apart(move |app| app.read(upgrade)).await?;
    let (tone, heading) = heading(&read);
    let over = over(&read);
    let taken = match uri.query() {
        Some("taken=handed") => {
            Some("Handed to the running process, which takes it in at its next safe point.".to_owned())
        }
        Some("taken=journaled") => Some(format!(
            "Taken down. No process runs this upgrade now: on the server, `{} resume` goes on.",
            show::program(&read.loaded.state)
        )),
        _ => None,
    };
    let content = html! {
        @if let Some(taken) = taken { p class="taken" role="status" { (taken) } }
        p id="said" class="unseen" role="status" aria-live="polite" { (said(&read)) }
        div data-live=[(!over).then(|| format!("/upgrade/{upgrade}/live?seen={}", read.stamp))] { (region(&read)) }
        p id="stale" class="alarm" hidden { "The connection to mailsec is lost; what you see may be old." }
        @if !over {
            section aria-labelledby="ask" {
                h2 id="ask" { "Ask for something else" }
                ul class="requests" {
                    @for request in REQUESTS.iter().filter(|request| request.is_open(&read.loaded.state)) {
                        li { a href={ "/upgrade/" (upgrade) "/ask/" (request.path) } { (request.name) } ": " (request.means(&read.loaded)) }
                    }
                }
            }
        }
        p class="soft" { "Upgrade " code { (upgrade) } "." }
    };
    Ok(Page {
        title: heading.clone(),
        kicker: "Upgrade".to_owned(),
        heading,
        tone,
        about: Some((upgrade, "")),
        session: Some(&session),
        again: (!over).then_some(AGAIN),
        content: content.into(),
        ..Page::default()
    }
    .into_response())
}
