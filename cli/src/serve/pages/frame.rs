//! What stands around every page.

use crate::{serve::keys::Session, show};
use axum::response::{Html, IntoResponse, Response};
use mailsec_core::values::UpgradeId;
use maud::{DOCTYPE, Markup, html};

/// How a page looks at first sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it should be.
    Good,
    /// Somebody should look, or it is under way.
    Look,
    /// Something is wrong.
    Bad,
    /// Nothing of it.
    #[default]
    Plain,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// A page.
#[derive(Default)]
pub(super) struct Page<'p> {
    /// For the window.
    pub(super) title: String,
    /// Above the heading.
    pub(super) kicker: String,
    pub(super) heading: String,
    pub(super) tone: Tone,
    /// The upgrade that it is about, and which of its pages this is.
    pub(super) about: Option<(UpgradeId, &'static str)>,
    /// Whose session it is; none at the door.
    pub(super) session: Option<&'p Session>,
    /// Seconds after which it is loaded again where no script keeps it up.
    pub(super) again: Option<u32>,
    /// Where the page leads by itself, at once.
    pub(super) leads: Option<&'p str>,
    pub(super) content: Content,
}

/// What stands on a page; nothing by default.
#[derive(Default)]
pub(super) struct Content(pub(super) Option<Markup>);

impl From<Markup> for Content {
    fn from(markup: Markup) -> Self {
        Self(Some(markup))
    }
}

/// The pages of one upgrade.
const OF_UPGRADE: [(&str, &str); 3] = [("", "Progress"), ("/plan", "Plan"), ("/report", "Report")];

impl Page<'_> {
    fn markup(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " - mailsec" }
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="/icon.svg";
                    @if let Some(to) = self.leads { meta name="referrer" content="no-referrer"; meta http-equiv="refresh" content={ "0; url=" (to) }; }
                    @if let Some(secs) = self.again { noscript { meta http-equiv="refresh" content=(secs); } }
                    script src="/page.js" defer {}
                }
                body {
                    a class="skip" href="#content" { "To the content" }
                    @if self.session.is_some() { nav aria-label="Pages" {
                        ul {
                            li { a href="/" { "Upgrades" } }
                            @if let Some((upgrade, here)) = self.about {
                                @for (path, name) in OF_UPGRADE {
                                    li {
                                        @if path == here { a href={ "/upgrade/" (upgrade) (path) } aria-current="page" { (name) } }
                                        @else { a href={ "/upgrade/" (upgrade) (path) } { (name) } }
                                    }
                                }
                            }
                        }
                    } }
                    header class=(self.tone.class()) {
                        p class="kicker" { (self.kicker) }
                        h1 { (self.heading) }
                    }
                    main id="content" tabindex="-1" { @if let Some(content) = &self.content.0 { (content) } }
                    footer {
                        p { "mailsec " (crate::products::VERSION) ". All times are UTC, by the server\u{2019}s clock." }
                        @if let Some(session) = self.session {
                            form method="post" action="/leave" { (token(session)) button class="plain" { "End this session" } }
                        }
                    }
                }
            }
        }
    }
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        Html(show::harmless(&self.markup().into_string())).into_response()
    }
}

/// What every form carries.
pub(super) fn token(session: &Session) -> Markup {
    html! { input type="hidden" name="form" value=(session.form); }
}
