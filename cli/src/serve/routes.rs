//! Which path leads to which page.

use super::{
    app::App,
    guard::guard,
    live,
    pages::{self, refused},
};
use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use std::sync::Arc;

/// Every path that there is.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::list))
        .route("/enter", get(pages::enter))
        .route("/leave", post(pages::leave))
        .route("/style.css", get(pages::style))
        .route("/page.js", get(pages::script))
        .route("/icon.svg", get(pages::icon))
        .route("/upgrade/{id}", get(pages::upgrade))
        .route("/upgrade/{id}/live", get(live::follow))
        .route("/upgrade/{id}/gate", get(pages::gate).post(pages::answer))
        .route("/upgrade/{id}/ask/{request}", get(pages::confirm).post(pages::request))
        .route("/upgrade/{id}/plan", get(pages::plan))
        .route("/upgrade/{id}/report", get(pages::report))
        .route("/upgrade/{id}/report/{form}", get(pages::report_as))
        .fallback(async || refused(StatusCode::NOT_FOUND, "There is no such page."))
        .method_not_allowed_fallback(async || {
            refused(StatusCode::METHOD_NOT_ALLOWED, "This page takes no such request.")
        })
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}
