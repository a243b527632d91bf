//! Restarts: asked for, and proven by another boot identity.

use super::{Engine, Stop, limit};
use crate::{
    failure::{Code, Failure},
    planted::planted,
    upgrade::{Event, Found, Then, recover},
};
use std::time::Duration;

/// How often the boot identity is looked at while a restart is awaited.
const RESTART_POLL: Duration = Duration::from_secs(5);

impl Engine<'_> {
    pub(super) async fn restart(&mut self, index: usize) -> Result<Option<Stop>, Failure> {
        let step = self.step(index);
        let attempt = self.state.steps[index].failures + 1;
        self.push(Event::RestartIntended { step: step.id.clone(), boot: self.boot.clone(), attempt });
        let permit = self.commit_intent(&step.id)?;
        self.recorder.settle()?;
        self.watcher.running(&step, false);
        let restart = self.host.power().restart(&permit, "mailsec: planned restart of an upgrade");
        match self.act(&step, restart).await? {
            Ok(()) => Ok(Some(Stop::RestartPending)),
            Err(failure) => {
                self.push(Event::StepFailed { step: step.id.clone(), attempt, failure });
                Ok(None)
            }
        }
    }

    pub(super) async fn await_restart(&mut self, index: usize) -> Result<Option<Stop>, Failure> {
        let step = self.step(index);
        let Some(flight) = self.state.flight.clone() else { return Ok(None) };
        let Some(before) = flight.restart else { return Ok(None) };
        let found = if before == self.boot && !planted!(AnyBootProves) {
            Found::RestartSameBoot
        } else {
            Found::RestartNewBoot
        };
        if recover(found) == Then::Proven {
            self.push(Event::RestartProven { step: step.id.clone(), before, after: self.boot.clone() });
            return Ok(None);
        }
        // Somebody took the upgrade up while Windows is still going down, or the restart was vetoed. Waiting tells:
        // in the first case this process ends here, at once where it is the service, for which Windows waits.
        self.rest()?;
        while self.host.clock().now().since(flight.since) < step.limit() {
            self.unless_told(self.host.clock().sleep(RESTART_POLL)).await?;
            self.take_messages()?;
            if limit::boot(self.host).await? != before {
                return Ok(Some(Stop::RestartPending));
            }
        }
        let failure = Failure::new(Code::RestartDidNotHappen, "the restart was asked for and did not happen")
            .expected(format!("another boot than {before}, within {} s", step.limit_secs))
            .found("the same boot")
            .hint("another program or a logged-on person may have stopped it")
            .retry();
        self.push(Event::StepFailed { step: step.id.clone(), attempt: flight.attempt, failure });
        Ok(None)
    }
}
