//! The report: the page that `mailsec report --format html` writes, and its other forms to keep.

use super::{Refusal, refused};
use crate::{
    args::ReportFormat,
    serve::app::{App, id},
    show::REPORT_STYLE,
    written::{self, Written},
};
use axum::{
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use mailsec_core::values::UpgradeId;
use std::sync::Arc;

/// The forms to keep: how a path ends, which, and what a browser is told.
const FORMS: [(&str, ReportFormat, &str); 4] = [
    ("html", ReportFormat::Html, "text/html; charset=utf-8"),
    ("md", ReportFormat::Md, "text/markdown; charset=utf-8"),
    ("json", ReportFormat::Json, "application/json"),
    ("xml", ReportFormat::Junit, "application/xml"),
];

async fn made(app: &Arc<App>, upgrade: UpgradeId, format: ReportFormat) -> Result<String, Refusal> {
    let named = upgrade.to_string();
    let Written { content, .. } =
        app.apart(move |app| written::written(&app.state, Some(&named), format)).await?;
    Ok(content)
}

/// The page as it is, with links to the others in front.
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Path(upgrade): Path<String>,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    let page = made(&app, upgrade, ReportFormat::Html).await?;
    let links: String = FORMS
        .iter()
        .map(|(form, ..)| format!("<li><a href=\"/upgrade/{upgrade}/report/{form}\">Keep as {form}</a></li>"))
        .collect();
    let nav = format!(
        "<body><nav aria-label=\"Pages\"><ul><li><a href=\"/\">Upgrades</a></li>\
         <li><a href=\"/upgrade/{upgrade}\">Progress</a></li>\
         <li><a href=\"/upgrade/{upgrade}/plan\">Plan</a></li>{links}</ul></nav>"
    );
    let page = page.replacen("<body>", &nav, 1);
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    // Its one style stands in it, and nothing else does.
    let hash = ring::digest::digest(&ring::digest::SHA256, REPORT_STYLE.as_bytes());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        BASE64_STANDARD.encode(hash)
    );
    let policy = HeaderValue::from_str(&policy)
        .map_err(|_| refused(StatusCode::INTERNAL_SERVER_ERROR, "The report cannot be shown safely."))?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A form of it to keep.
pub(crate) async fn report_as(
    State(app): State<Arc<App>>,
    Path((upgrade, form)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    let (name, format, kind) = FORMS
        .iter()
        .find(|(name, ..)| *name == form)
        .ok_or_else(|| refused(StatusCode::NOT_FOUND, "There is no such page."))?;
    let content = made(&app, upgrade, *format).await?;
    let file = format!("attachment; filename=\"upgrade-{upgrade}.{name}\"");
    Ok(([(CONTENT_TYPE, *kind), (CONTENT_DISPOSITION, file.as_str())], content).into_response())
}
