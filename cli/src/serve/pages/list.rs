//! All upgrades, newest first, a page at a time. Of each only the first and the last envelope are read.

use super::{
    Refusal,
    frame::{Page, Tone},
};
use crate::{
    serve::{Whose, app::App, keys::Session},
    show,
};
use axum::{
    Extension,
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use mailsec_core::{
    journal::{Brief, Envelope},
    plan::Plan,
    upgrade::{Event, Finish, Request},
};
use maud::{Markup, html};
use std::sync::Arc;

/// Upgrades on one page.
const PAGE: usize = 100;

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let asked = uri.query().and_then(|query| query.strip_prefix("page=")).and_then(|page| page.parse().ok());
    let whose = app.whose;
    let (briefs, page, pages, all) = app
        .apart(move |app| {
            let reader = app.state.reader();
            let mut upgrades = reader.upgrades()?;
            upgrades.reverse();
            let pages = upgrades.len().div_ceil(PAGE).max(1);
            let page = asked.unwrap_or(1_usize).clamp(1, pages);
            let briefs: Vec<Brief> =
                upgrades.iter().skip((page - 1) * PAGE).take(PAGE).map(|id| reader.brief(*id)).collect();
            Ok((briefs, page, pages, upgrades.len()))
        })
        .await?;
    let (heading, begins) = match whose {
        Whose::Server => ("Upgrades of this server", "mailsec run"),
        Whose::Cluster => ("Upgrades of this cluster", "mailsec cluster run"),
        Whose::Management => ("Upgrades by this management server", "mailsec run"),
    };
    let content = html! {
        @if briefs.is_empty() {
            p { "There is none yet: " code { (begins) } " begins one." }
        } @else {
            table class="upgrades" {
                caption { (all) " in this journal, newest first" }
                thead { tr { th scope="col" { "Planned" } th scope="col" { "Server" } th scope="col" { "Upgrade" } th scope="col" { "Stands" } } }
                tbody { @for brief in &briefs { (row(brief)) } }
            }
        }
        @if pages > 1 {
            nav aria-label="More upgrades" {
                ul {
                    @if page > 1 { li { a href={ "/?page=" (page - 1) } rel="prev" { "Newer" } } }
                    li { "Page " (page) " of " (pages) }
                    @if page < pages { li { a href={ "/?page=" (page + 1) } rel="next" { "Older" } } }
                }
            }
        }
    };
    let tone = if briefs.iter().any(|brief| stands(brief.last.as_ref()).tone == Tone::Look) {
        Tone::Look
    } else {
        Tone::Good
    };
    Ok(Page {
        title: "Upgrades".to_owned(),
        kicker: "mailsec".to_owned(),
        heading: heading.to_owned(),
        tone,
        session: Some(&session),
        content: content.into(),
        ..Page::default()
    }
    .into_response())
}

fn row(brief: &Brief) -> Markup {
    let plan = brief.first.as_ref().and_then(planned);
    let when = brief.first.as_ref().map_or_else(|| "unknown".to_owned(), |first| show::day_clock(first.at));
    let stands = stands(brief.last.as_ref());
    html! {
        tr {
            td data-name="Planned" { a href={ "/upgrade/" (brief.upgrade) } { (when) } }
            td data-name="Server" { (plan.map_or("unknown", |plan| plan.server.as_str())) }
            td data-name="Upgrade" {
                @match plan {
                    Some(plan) => { (plan.naming.before) " " (plan.from) " to " (plan.naming.after) " " (plan.to) },
                    None => { code { (brief.upgrade) } },
                }
            }
            td data-name="Stands" class=(stands.tone.class()) {
                span class="sign" aria-hidden="true" { (stands.sign) } " " strong { (stands.word) }
                @if let Some(last) = &brief.last { ", " span class="at" { (show::day_clock(last.at)) } }
            }
        }
    }
}

fn planned(first: &Envelope) -> Option<&Plan> {
    match first.event.known() {
        Some(Event::Planned { plan, .. }) => Some(plan),
        _ => None,
    }
}

/// How an upgrade stands, in a word.
struct Stands {
    tone: Tone,
    sign: &'static str,
    word: &'static str,
}

/// By its last event alone.
fn stands(last: Option<&Envelope>) -> Stands {
    let (tone, sign, word) = match last.map(|last| last.event.known()) {
        None => (Tone::Bad, "!", "cannot be read"),
        Some(Some(Event::Finished { how: Finish::Succeeded })) => (Tone::Good, "✓", "succeeded"),
        Some(Some(Event::Finished { how: Finish::RolledBack })) => (Tone::Bad, "↩", "rolled back"),
        Some(Some(Event::Finished { how: Finish::Abandoned })) => (Tone::Bad, "✗", "abandoned"),
        Some(Some(Event::GateOpened { .. } | Event::GateEntered { .. })) => {
            (Tone::Look, "?", "waiting at a gate")
        }
        Some(Some(Event::Honoured { request: Request::Pause })) => (Tone::Look, "‖", "paused"),
        Some(Some(Event::Planned { .. } | Event::Rehearsed(_))) => (Tone::Look, "·", "planned"),
        Some(_) => (Tone::Look, "…", "under way"),
    };
    Stands { tone, sign, word }
}
