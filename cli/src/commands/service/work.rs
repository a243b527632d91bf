//! The loop of the service, on any server.

use super::node;
use crate::{
    args::Common,
    commands::{drive, wanted},
    people::{FrontDesk, Inbox, Patience},
    place::{Site, Sources, State, Which},
};
use mailsec_core::{
    Failure,
    engine::Stop,
    failure::Code,
    upgrade::{self, Next, Standing},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How often it is looked whether a gate was answered, a restart happened, or an order came.
const LOOK: Duration = Duration::from_secs(2);

/// As often, where time is simulated.
const SIMULATED_LOOK: Duration = Duration::from_millis(20);

/// How long a step that needs a secret is left to somebody who has it.
const YIELD: Duration = Duration::from_secs(60);

/// Whether the service is told to end.
#[derive(Clone)]
pub(super) struct Told(Arc<dyn Fn() -> bool + Send + Sync>);

impl Told {
    /// By this signal.
    #[cfg(windows)]
    pub(super) fn by(signal: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(signal))
    }

    /// Nobody tells it.
    pub(super) fn never() -> Self {
        Self(Arc::new(|| false))
    }

    fn is_set(&self) -> bool {
        (self.0)()
    }

    /// Waits until it is told, at most so long.
    async fn within(&self, limit: Duration) {
        let began = Instant::now();
        while !self.is_set() && began.elapsed() < limit {
            tokio::time::sleep(limit.min(Duration::from_millis(200))).await;
        }
    }
}

/// Drives what is unfinished until nothing is; on a node for ever, because orders may come. The journal is held only
/// while something moves, so that people can answer, and resume with a secret that this service does not have.
pub(super) async fn work(common: &Common, told: &Told) -> Result<(), Failure> {
    let look = match Which::parse(common)? {
        Which::Simulated(_) => SIMULATED_LOOK,
        _ => LOOK,
    };
    let mut waiting = None;
    while !told.is_set() {
        let is_node = node::takes_orders(common)?;
        if is_node {
            node::serve(common).await;
        }
        let unfinished = unfinished(common, is_node)?;
        if !unfinished && !is_node {
            return Ok(());
        }
        if unfinished {
            match drive_once(common, told, &mut waiting).await {
                Ok(Some(how)) => {
                    tracing::info!(?how, "the upgrade stops");
                    if matches!(how, Stop::Finished(_)) && !is_node {
                        return Ok(());
                    }
                }
                Ok(None) => {}
                Err(failure) if failure.code == Code::JournalLocked => {}
                // Whatever it was, a failure would start this service again.
                Err(failure) if told.is_set() => {
                    let failure_told = crate::output::describe(&failure);
                    match failure.code {
                        // It was the desk that stopped it, at a safe point.
                        Code::RequestRefused => tracing::info!(failure = failure_told, "stopped"),
                        _ => tracing::error!(failure = failure_told, "stopped"),
                    }
                    return Ok(());
                }
                Err(failure) => return Err(failure),
            }
        }
        // Either is a reason to look again.
        told.within(look).await;
    }
    Ok(())
}

/// Whether an upgrade is under way. One that was ordered begins here: nobody else does it.
fn unfinished(common: &Common, is_node: bool) -> Result<bool, Failure> {
    match State::only(common)?.choose(None) {
        Ok((_, _, loaded)) => Ok(match loaded.state.standing {
            Standing::Running | Standing::Paused => true,
            Standing::Planned => is_node,
            Standing::Empty | Standing::Finished(_) => false,
        }),
        Err(failure) if failure.code == Code::UpgradeNotFound => Ok(false),
        // Opening the journal mends it where the second copy is whole, and says so where it is not.
        Err(failure) if failure.code == Code::JournalDamaged => Ok(true),
        Err(failure) => Err(failure),
    }
}

async fn drive_once(
    common: &Common,
    told: &Told,
    waiting: &mut Option<Instant>,
) -> Result<Option<Stop>, Failure> {
    let state = State::only(common)?;
    let (upgrade, loaded) = match state.choose(None) {
        Ok((upgrade, _, loaded)) => (upgrade, loaded),
        Err(failure) if failure.code == Code::JournalDamaged => {
            let site = Site::open(common, &Sources::read(common)?)?;
            site.state.choose_in(site.journal().await?.as_ref(), None)?
        }
        Err(failure) => return Err(failure),
    };
    let inbox = Inbox::new(state.inbox(upgrade));
    // A gate or a pause waits for a person; taking the upgrade up again and again would fill the journal. What a
    // person left while this service held the journal, and just before it let go, nobody else would take in.
    let waits = loaded.state.gate.is_some() || loaded.state.standing == Standing::Paused;
    if waits && inbox.messages().is_empty() {
        *waiting = None;
        return Ok(None);
    }
    let sources = Sources::read(common)?;
    // After "retry" at a gate for a missing secret, the person's next command is `resume --secret`. This service,
    // which has none, must not be first and come to the same gate again. But it does not wait for ever: mail may be
    // held, and only a gate says that somebody is needed. What was in flight is not touched by this: looking at the
    // server needs no secret.
    if lacks_secret(&loaded.state, &sources) && waiting.get_or_insert_with(Instant::now).elapsed() < YIELD {
        return Ok(None);
    }
    *waiting = None;
    let site = Site::open(common, &sources)?;
    let mut journal = site.journal().await?;
    let told = told.clone();
    let desk = FrontDesk::new(inbox, Patience::None).until(move || told.is_set());
    drive::drive_to_stop(&site, journal.as_mut(), upgrade, &desk).await.map(Some)
}

/// Whether the next thing to do is a step that needs a secret which was not given.
fn lacks_secret(state: &upgrade::State, sources: &Sources) -> bool {
    let (Next::Run { step, .. }, Some(plan)) = (upgrade::next(state), &state.plan) else { return false };
    wanted::secrets(plan, |index| index == step).into_iter().any(|name| !sources.has(name))
}
