//! Coming in, and leaving.

use super::{
    Refusal,
    frame::{Page, Tone},
    refused,
};
use crate::serve::{app::App, form::Form, keys::Session};
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderValue, Method, StatusCode, Uri, header::SET_COOKIE},
    response::{IntoResponse, Response},
};
use maud::html;
use std::sync::Arc;

/// Exchanges the one-time token for a session.
pub(crate) async fn enter(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
) -> Result<Response, Refusal> {
    // What only looks whether the page is there must not spend the token.
    if method != Method::GET {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "The address is to be opened."));
    }
    let query = uri.query().unwrap_or_default();
    let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    let cookie = token.map(|(_, token)| app.keys.enter(&token)).transpose()?.flatten().ok_or_else(|| {
        refused(
            StatusCode::UNAUTHORIZED,
            "This address opens once, and was used, or is not the one that `mailsec serve` showed. For another, end \
             `mailsec serve` and start it again.",
        )
    })?;
    let secure = if app.tls { "; Secure" } else { "" };
    let line = format!("{}={cookie}; Path=/; HttpOnly; SameSite=Strict{secure}", app.cookie);
    let line = HeaderValue::from_str(&line)
        .map_err(|_| refused(StatusCode::INTERNAL_SERVER_ERROR, "The session has no name."))?;
    // Not a redirect: where the address was opened from another site, the browser would not send the cookie along.
    let page = Page {
        title: "Come in".to_owned(),
        kicker: "mailsec".to_owned(),
        heading: "You are in".to_owned(),
        tone: Tone::Good,
        leads: Some("/"),
        content: html! { p { a href="/" { "All upgrades" } } }.into(),
        ..Page::default()
    };
    let mut response = page.into_response();
    response.headers_mut().insert(SET_COOKIE, line);
    Ok(response)
}

/// Ends the session.
pub(crate) async fn leave(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    body: Body,
) -> Result<Response, Refusal> {
    Form::read(body, &session).await?;
    app.keys.leave();
    let page = Page {
        title: "Left".to_owned(),
        kicker: "mailsec".to_owned(),
        heading: "The session is over".to_owned(),
        content: html! { p { "`mailsec serve`, started again, shows an address for another." } }.into(),
        ..Page::default()
    };
    Ok(page.into_response())
}
