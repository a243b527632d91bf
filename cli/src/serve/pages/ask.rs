//! Asking a run to pause, to turn back or to stop: each behind a page that says what it means.

use super::{
    Refusal,
    frame::{Page, Tone, token},
    now::subject,
    refusal::{failed, status},
    refused,
};
use crate::{
    args::{RequestOf, WhichArgs},
    requests,
    serve::{
        app::{App, Read, id},
        form::Form,
        keys::Session,
    },
    show,
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mailsec_core::{
    Failure,
    engine::Loaded,
    upgrade::{self, Request},
};
use maud::html;
use std::sync::Arc;

/// A request as the page has it.
pub(super) struct Asked {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    meaning: &'static str,
    /// The same of a cluster's run.
    of_nodes: &'static str,
    request: Request,
}

impl Asked {
    /// What it means.
    pub(super) fn means(&self, loaded: &Loaded) -> &'static str {
        if show::of_nodes(loaded) { self.of_nodes } else { self.meaning }
    }

    /// Whether it can be asked for now.
    pub(super) fn is_open(&self, state: &upgrade::State) -> bool {
        self.request.admit(state).is_ok()
    }
}

/// Those that there are.
pub(super) const REQUESTS: [Asked; 4] = [
    Asked {
        path: "pause",
        name: "Pause",
        meaning: "stop at the next safe point, until somebody resumes it on the server",
        of_nodes: "begin no further node until somebody resumes it; the one under way goes on",
        request: Request::Pause,
    },
    Asked {
        path: "cancel",
        name: "Cancel",
        meaning: "stop at the next safe point and take back what was done",
        of_nodes: "end it before the first node is begun",
        request: Request::Cancel,
    },
    Asked {
        path: "rollback",
        name: "Roll back",
        meaning: "take back what was done",
        of_nodes: "end it before the first node is begun",
        request: Request::RollBack,
    },
    Asked {
        path: "abandon",
        name: "Abandon",
        meaning: "stop at the next safe point and leave the server as it is; wants a reason",
        of_nodes: "give the cluster's run up; a node under way goes on; wants a reason",
        request: Request::Abandon,
    },
];

fn known(path: &str) -> Result<&'static Asked, Refusal> {
    REQUESTS
        .iter()
        .find(|asked| asked.path == path)
        .ok_or_else(|| refused(StatusCode::NOT_FOUND, "There is no such page."))
}

pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path((upgrade, request)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (upgrade, asked) = (id(&upgrade)?, known(&request)?);
    let read = app.apart(move |app| app.read(upgrade)).await?;
    let wrong = asked.request.admit(&read.loaded.state).err();
    Ok(page(&read, &session, asked, "", wrong.as_ref()))
}

pub(crate) async fn request(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path((upgrade, request)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Refusal> {
    let (upgrade, asked) = (id(&upgrade)?, known(&request)?);
    let form = Form::read(body, &session).await?;
    let note = form.one("note").to_owned();
    let of = RequestOf { which: WhichArgs { upgrade: Some(upgrade.to_string()) }, note: note.clone() };
    let one = Arc::clone(&app.answering).lock_owned().await;
    let runtime = tokio::runtime::Handle::current();
    let made = app
        .apart(move |app| {
            // Held to the end, even when the browser has gone away.
            let _one = one;
            let done = runtime.block_on(requests::request_by(&app.common, &of, asked.request, &app.by));
            Ok(match done {
                Ok(reply) => Ok(reply.json["handed_over"] == true),
                Err(failure) => Err((failure, app.read(upgrade)?)),
            })
        })
        .await?;
    match made {
        Ok(true) => Ok(Redirect::to(&format!("/upgrade/{upgrade}?taken=handed")).into_response()),
        Ok(false) => Ok(Redirect::to(&format!("/upgrade/{upgrade}?taken=journaled")).into_response()),
        Err((failure, read)) => Ok(page(&read, &session, asked, &note, Some(&failure))),
    }
}

fn page(read: &Read, session: &Session, asked: &Asked, note: &str, wrong: Option<&Failure>) -> Response {
    let possible = asked.request.admit(&read.loaded.state).is_ok();
    let content = html! {
        @if let Some(failure) = wrong { (failed(failure)) }
        p { (asked.name) ": " (asked.means(&read.loaded)) "." }
        @if possible {
            form method="post" class="answer" {
                (token(session))
                label class="note" {
                    @if asked.request == Request::Abandon { "Why; it stands in the report" } @else { "Why, for the report; you may leave it empty" }
                    textarea name="note" rows="3" maxlength="4000" required[asked.request == Request::Abandon] { (note) }
                }
                button { (asked.name) }
            }
        }
        p { a href={ "/upgrade/" (read.upgrade) } { "Leave it as it is" } }
    };
    let heading = format!("{} the upgrade of {}?", asked.name, subject(&read.loaded));
    let page = Page {
        title: heading.clone(),
        kicker: "Ask for something else".to_owned(),
        heading,
        tone: if wrong.is_some() { Tone::Bad } else { Tone::Look },
        about: Some((read.upgrade, "/ask")),
        session: Some(session),
        content: content.into(),
        ..Page::default()
    };
    (wrong.map_or(StatusCode::OK, status), page).into_response()
}
