//! A desk beside which a canary flies.

use super::FrontDesk;
use crate::{output, place::Site};
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    engine::{Desk, Message},
    upgrade::{CanarySummary, Gate, State},
    values::UpgradeId,
};
use mailsec_mail::canary::Flight;

/// The desk, and the canary where one flies.
pub(crate) struct Watched<'a> {
    desk: &'a FrontDesk,
    flight: Option<Flight>,
}

impl<'a> Watched<'a> {
    /// Lets the canary fly, where the configuration has one. One that cannot is said, and stops no upgrade.
    pub(crate) fn new(desk: &'a FrontDesk, site: &Site, upgrade: UpgradeId) -> Self {
        let flight = site.canary().and_then(|(config, path)| {
            let file = site.state.canary(upgrade);
            let alarm = Box::new(|text: &str| output::say(text));
            let begun = site
                .state
                .make_private(&file)
                .and_then(|()| Flight::begin(config, path, &upgrade.to_string(), &file, alarm));
            begun
                .inspect_err(|failure| {
                    output::say(&output::describe(failure));
                    output::say("No canary watches this upgrade.");
                })
                .ok()
        });
        Self { desk, flight }
    }
}

#[async_trait]
impl Desk for Watched<'_> {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        self.desk.messages()
    }

    fn taken(&self, message: &Message, refused: Option<&Failure>) {
        self.desk.taken(message, refused);
    }

    async fn told_to_end(&self) -> Failure {
        self.desk.told_to_end().await
    }

    async fn ask(&self, gate: &Gate, state: &State) -> Option<Message> {
        self.desk.ask(gate, state).await
    }

    fn has_canary(&self) -> bool {
        self.flight.is_some()
    }

    async fn canary(&self, end: bool) -> Option<CanarySummary> {
        let flight = self.flight.as_ref()?;
        Some(if end { flight.settle(|| self.desk.is_closing()) } else { flight.summary() })
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        // Windows waits for a service that it has told to end, and a look into a mailbox may take long.
        if let Some(flight) = self.flight.take_if(|_| self.desk.is_closing()) {
            flight.leave();
        }
    }
}
