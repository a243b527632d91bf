//! A request that is not carried out, as a page that says why.

use super::frame::{Page, Tone};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mailsec_core::{Failure, failure::Code};
use maud::{Markup, html};

/// Why a request is not carried out.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Said(&'static str),
    Failed(Box<Failure>),
}

/// Refuses a request.
pub(crate) fn refused(status: StatusCode, why: &'static str) -> Refusal {
    Refusal { status, why: Why::Said(why) }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { status: status(&failure), why: Why::Failed(Box::new(failure)) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Refused").to_owned();
        let content = match &self.why {
            Why::Said(why) => html! { p { (why) } },
            Why::Failed(failure) => failed(failure),
        };
        let page = Page {
            kicker: "mailsec".to_owned(),
            heading: title.clone(),
            title,
            tone: Tone::Bad,
            content: html! { (content) p { a href="/" { "All upgrades" } } }.into(),
            ..Page::default()
        };
        (self.status, page).into_response()
    }
}

/// A failure in full.
pub(super) fn failed(failure: &Failure) -> Markup {
    html! {
        div class="refusal" role="alert" {
            p { strong { (failure.message) } " [" code { (failure.code) } "]" }
            dl class="facts" {
                @if let Some(expected) = &failure.expected { div { dt { "Expected" } dd { (expected) } } }
                @if let Some(found) = &failure.found { div { dt { "Found" } dd { (found) } } }
                @for cause in &failure.causes { div { dt { "Because" } dd { (cause) } } }
                @if let Some(hint) = &failure.hint { div { dt { "Hint" } dd { (hint) } } }
            }
        }
    }
}

/// The status of an answer that is a failure.
pub(super) fn status(failure: &Failure) -> StatusCode {
    match failure.code {
        Code::UpgradeNotFound => StatusCode::NOT_FOUND,
        Code::GateNotOpen | Code::RequestRefused | Code::JournalConflict => StatusCode::CONFLICT,
        Code::BadArgument | Code::ChecklistOpen => StatusCode::UNPROCESSABLE_ENTITY,
        Code::JournalLocked => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
