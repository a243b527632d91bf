//! What the pages share.

use super::{
    hosts::Hosts,
    keys::Keys,
    nodes::Nodes,
    pages::{Refusal, refused},
};
use crate::{
    args::Common,
    cluster::{NodeStands, orders_of},
    output,
    place::State,
    show::Driver,
};
use axum::http::StatusCode;
use mailsec_core::{
    Failure,
    engine::Loaded,
    journal::{WitnessState, Witnessed},
    upgrade::Standing,
    values::{Timestamp, UpgradeId},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::{Mutex, Semaphore, watch};

/// Whose upgrades a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Of the server that it runs on.
    Server,
    /// A cluster's runs.
    Cluster,
    /// Those that a management server makes.
    Management,
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server => "this server's",
            Self::Cluster => "this cluster's",
            Self::Management => "this management server's",
        })
    }
}

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
