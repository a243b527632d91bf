//! Keeps the page of an upgrade up to date, by server-sent events: the part that changes, whenever the witness grew.

use super::{
    app::{App, id},
    keys::Session,
    pages::{Refusal, refused, region},
};
use crate::show;
use axum::{
    Extension,
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response, Sse, sse::Event},
};
use futures::stream;
use mailsec_core::{upgrade::Standing, values::UpgradeId};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

/// How often it is looked whether the witness grew.
const LOOK: Duration = Duration::from_millis(300);
/// After how long something is sent anyway, so that both sides know that the other is there.
const ALIVE: Duration = Duration::from_secs(10);

/// Who follows, and what they have seen.
struct Follower {
    app: Arc<App>,
    upgrade: UpgradeId,
    cookie: String,
    seen: String,
    sent: Instant,
    over: bool,
    _place: OwnedSemaphorePermit,
}

pub(crate) async fn follow(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(upgrade): Path<String>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    app.apart(move |app| app.read(upgrade)).await?;
    let place = Arc::clone(&app.followers)
        .try_acquire_owned()
        .map_err(|_| refused(StatusCode::SERVICE_UNAVAILABLE, "Too many pages follow upgrades."))?;
    let follower = Follower {
        app,
        upgrade,
        cookie: session.cookie().to_owned(),
        // What the page that asks was made from; it is not told again what it shows.
        seen: uri.query().and_then(|query| query.strip_prefix("seen=")).unwrap_or_default().to_owned(),
        sent: Instant::now(),
        over: false,
        _place: place,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(Sse::new(events).into_response())
}

impl Follower {
    /// The next event; none when the upgrade is over, the session is, or the page is closed.
    async fn next(&mut self) -> Option<Event> {
        let mut closing = self.app.closing.clone();
        loop {
            if self.over || *closing.borrow() || self.app.keys.session(&self.cookie).is_none() {
                return None;
            }
            match self.look().await {
                Ok(Some(event)) => {
                    self.sent = Instant::now();
                    return Some(event);
                }
                Ok(None) => {}
                // The page says that it is cut off, and that is so: what cannot be read is not shown as if it stood still.
                Err(_) => return None,
            }
            if self.sent.elapsed() > ALIVE {
                self.sent = Instant::now();
                return Some(Event::default().comment(""));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = closing.changed() => {}
            }
        }
    }

    async fn look(&mut self) -> Result<Option<Event>, Refusal> {
        let (upgrade, seen) = (self.upgrade, self.seen.clone());
        let look =
            self.app.apart(
                move |app| {
                    if app.stamp(upgrade) == seen { Ok(None) } else { app.read(upgrade).map(Some) }
                },
            );
        let Some(read) = look.await? else { return Ok(None) };
        self.seen.clone_from(&read.stamp);
        self.over = matches!(read.loaded.state.standing, Standing::Finished(_));
        Ok(Some(Event::default().data(show::harmless(&region(&read).into_string()))))
    }
}
