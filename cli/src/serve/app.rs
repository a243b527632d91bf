//! What the pages share, and which path leads to which of them.

use super::{
    Whose,
    guard::guard,
    hosts::Hosts,
    keys::Keys,
    live,
    nodes::Nodes,
    pages::{self, Refusal, refused},
};
use crate::{
    args::Common,
    cluster::{NodeStands, orders_of},
    output,
    place::State,
    show::Driver,
};
use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use mailsec_core::{
    Failure,
    engine::Loaded,
    failure::Code,
    journal::{WitnessState, Witnessed},
    upgrade::Standing,
    values::{Timestamp, UpgradeId},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::{Mutex, Semaphore, watch};

/// The page's place, and who may come in.
pub(crate) struct App {
    pub(crate) common: Common,
    pub(crate) state: State,
    pub(crate) keys: Keys,
    /// Name of the session's cookie, with the port: every port of an address shares its cookies.
    pub(crate) cookie: String,
    pub(crate) hosts: Hosts,
    pub(crate) tls: bool,
    /// Who answers, as the journal will have it.
    pub(crate) by: String,
    pub(crate) whose: Whose,
    /// One answer at a time: two would find the journal held by each other, and not by a run.
    pub(crate) answering: Arc<Mutex<()>>,
    pub(crate) followers: Arc<Semaphore>,
    /// A cluster's.
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) closing: watch::Receiver<bool>,
}

/// One upgrade, as its witness has it.
pub(crate) struct Read {
    pub(crate) upgrade: UpgradeId,
    pub(crate) witnessed: Witnessed,
    pub(crate) loaded: Loaded,
    /// How long ago its witness was written last, by this machine's clock: the server's own may be another one.
    pub(crate) quiet: Duration,
    /// Who drives it at the moment.
    pub(crate) driver: Driver,
    /// Of a cluster's run that is not over: how its nodes stand, where that is known.
    pub(crate) nodes: Option<Vec<NodeStands>>,
    /// What its witness was when it was read: another one is worth reading again.
    pub(crate) stamp: String,
}

impl Read {
    /// Milliseconds since a moment of the server's clock.
    pub(crate) fn since_ms(&self, at: Timestamp) -> u64 {
        let told = self.loaded.state.last.map_or(Duration::ZERO, |last| last.since(at));
        u64::try_from((told + self.quiet).as_millis()).unwrap_or(u64::MAX)
    }

    /// What is wrong with the journal, if anything is.
    pub(crate) fn damage(&self) -> Option<&str> {
        match &self.witnessed.state {
            WitnessState::Damaged(damage) => Some(&damage.why),
            WitnessState::Whole | WitnessState::TornTail { .. } => None,
        }
    }
}

impl App {
    /// Reads one upgrade.
    pub(crate) fn read(&self, upgrade: UpgradeId) -> Result<Read, Failure> {
        // First, so that what is written meanwhile is another one.
        let driver = Driver::of(&self.state.reader());
        let stamp = self.stamp_with(upgrade, &driver);
        let (upgrade, witnessed, loaded) = self.state.choose(Some(&upgrade.to_string()))?;
        let written = self.state.reader().written(upgrade).map(|(_, at)| at);
        let quiet = written.and_then(|at| at.elapsed().ok()).unwrap_or_default();
        let over = matches!(loaded.state.standing, Standing::Finished(_));
        let orders = loaded.state.plan.as_ref().filter(|_| !over).map(|plan| orders_of(plan));
        let orders = orders.filter(|orders| !orders.is_empty());
        let nodes = orders.and_then(|orders| self.nodes.stand(&self.state, orders));
        Ok(Read { upgrade, witnessed, loaded, quiet, driver, nodes, stamp })
    }

    /// What the witness of an upgrade is now: its length, when it was written, and who drives it,
    /// and how often its nodes changed.
    pub(crate) fn stamp(&self, upgrade: UpgradeId) -> String {
        self.stamp_with(upgrade, &Driver::of(&self.state.reader()))
    }

    fn stamp_with(&self, upgrade: UpgradeId, driver: &Driver) -> String {
        let since_1970 = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let driven = driver.process().unwrap_or_default();
        let written = self.state.reader().written(upgrade);
        written.map_or_else(String::new, |(bytes, at)| {
            format!("{bytes}-{}-{driven}-{}", since_1970(at).as_nanos(), self.nodes.changes(&self.state))
        })
    }

    /// Does what waits for files away from the connections.
    pub(crate) async fn apart<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Refusal> {
        let app = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&app)).await {
            Ok(done) => Ok(done?),
            Err(error) => Err(output::system("the page could not be made", error).into()),
        }
    }
}

/// An upgrade's id, as a path has it. Nothing else of a path leads to a file.
pub(crate) fn id(text: &str) -> Result<UpgradeId, Refusal> {
    UpgradeId::parse(text)
        .filter(|id| id.to_string() == text)
        .ok_or_else(|| refused(StatusCode::NOT_FOUND, "There is no such upgrade."))
}

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

/// The status of an answer that is a failure.
pub(crate) fn status(failure: &Failure) -> StatusCode {
    match failure.code {
        Code::UpgradeNotFound => StatusCode::NOT_FOUND,
        Code::GateNotOpen | Code::RequestRefused | Code::JournalConflict => StatusCode::CONFLICT,
        Code::BadArgument | Code::ChecklistOpen => StatusCode::UNPROCESSABLE_ENTITY,
        Code::JournalLocked => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
