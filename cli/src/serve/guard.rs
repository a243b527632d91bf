//! What every request passes before anything is read for it, and what every answer carries.

use super::{
    app::App,
    keys::Session,
    pages::{Refusal, refused},
};
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, ORIGIN, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Bytes of a path with its query; ours have less than a hundred.
const LONGEST_PATH: usize = 512;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What needs no session: the door, and what the page of the door is drawn with.
const OPEN: [&str; 4] = ["/enter", "/style.css", "/page.js", "/icon.svg"];

/// The check of every request.
pub(crate) async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    // Without its query, which may be the token.
    let asked = format!("{} {}", request.method(), request.uri().path());
    let mut response = match judge(&app, &request) {
        Ok(session) => {
            if let Some(session) = session {
                request.extensions_mut().insert(session);
            }
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    protect(response.headers_mut(), app.tls);
    tracing::debug!("{asked} {}", response.status().as_u16());
    response
}

fn judge(app: &App, request: &Request) -> Result<Option<Session>, Refusal> {
    let headers = request.headers();
    let mut hosts = headers.get_all(HOST).iter();
    // `GET http://elsewhere/` would mean elsewhere, whatever its Host says.
    let host =
        match (hosts.next().and_then(|host| host.to_str().ok()), hosts.next(), request.uri().authority()) {
            (Some(host), None, None) if app.hosts.has(host) => host,
            _ => return Err(refused(StatusCode::MISDIRECTED_REQUEST, "This page has another name.")),
        };
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    if path.len() > LONGEST_PATH {
        return Err(refused(StatusCode::URI_TOO_LONG, "There is no such page."));
    }
    match *request.method() {
        Method::GET | Method::HEAD => may_look(headers)?,
        Method::POST => may_change(app, headers, host)?,
        _ => return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "A page is read, or a form is sent.")),
    }
    if OPEN.contains(&request.uri().path()) {
        return Ok(None);
    }
    let session = cookie(headers, &app.cookie).and_then(|cookie| app.keys.session(cookie));
    session.map(Some).ok_or_else(|| {
        refused(
            StatusCode::UNAUTHORIZED,
            "This page is for whoever opened the address that `mailsec serve` showed. It opens once; for another, end \
             `mailsec serve` and start it again.",
        )
    })
}

/// Another site may lead here, and may not take anything from here into itself.
fn may_look(headers: &HeaderMap) -> Result<(), Refusal> {
    let said = |name: &str| headers.get(name).map(|value| value.as_bytes().to_ascii_lowercase());
    let own = said("sec-fetch-site").is_none_or(|site| site == b"same-origin" || site == b"none");
    let leads = said("sec-fetch-mode").is_some_and(|mode| mode == b"navigate")
        && said("sec-fetch-dest").is_some_and(|dest| dest == b"document");
    if own || leads { Ok(()) } else { Err(refused(StatusCode::FORBIDDEN, "Another site asked for this.")) }
}

/// What changes something comes from a form of ours; that the form is of this session is looked at when it is read.
fn may_change(app: &App, headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next().and_then(|origin| origin.to_str().ok()).filter(|_| origins.next().is_none());
    let site = headers.get("sec-fetch-site").is_none_or(|site| site.as_bytes() == b"same-origin");
    if !site || !origin.is_some_and(|origin| app.hosts.is_origin(origin, host)) {
        return Err(refused(StatusCode::FORBIDDEN, "This form was not sent from this page."));
    }
    let form = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if form { Ok(()) } else { Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This is no form.")) }
}

/// The value of a cookie; `None` as well when there are two of the name: one of them is somebody else's.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut ours = all
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    ours.next().filter(|_| ours.next().is_none())
}

fn protect(headers: &mut HeaderMap, tls: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: with it a browser names no origin where a form of ours comes from.
    set(REFERRER_POLICY, "same-origin");
    set(CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("x-frame-options"), "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-embedder-policy"), "require-corp");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    if tls {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    // The report brings a policy of its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
}
