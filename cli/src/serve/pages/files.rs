//! What the pages are drawn with. Public like the program itself, so it needs no session.

use axum::{http::header::CONTENT_TYPE, response::IntoResponse};

const STYLE: &str = concat!(include_str!("../../show/base.css"), include_str!("../page.css"));

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../page.js"))
}

pub(crate) async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], include_str!("../icon.svg"))
}
