//! Taking an upgrade up again: what was found, whether the server is ready, and how mail fared meanwhile.

use super::{Engine, limit};
use crate::{
    failure::Failure,
    host::ServiceName,
    plan::{Choice, Flow, ItemAnswers, MailState, Operation},
    upgrade::{Actor, Event, GateKind},
};
use std::time::Duration;

/// How long a server may take after a boot until its services run and no installer does. A service that never comes
/// up delays the upgrade by no more than this.
const BOOT_READY: Duration = Duration::from_secs(300);

impl Engine<'_> {
    /// After a crash, a pause, a gate or a restart.
    pub(super) async fn take_up(&mut self) -> Result<(), Failure> {
        let before = self.state.boot.clone().filter(|before| *before != self.boot);
        if before.is_some() && !self.state.is_elsewhere() {
            // Before anything is recorded: whoever takes it up instead of this process waits anew.
            self.await_boot().await?;
        }
        let wanted = self.state.flight.as_ref().is_some_and(|flight| flight.restart.is_some());
        let in_flight =
            self.state.flight.as_ref().map(|flight| self.state.plan_steps()[flight.step].id.clone());
        let answered = self.state.flight.as_ref().is_some_and(|flight| flight.answered);
        let found = match (&before, wanted, &in_flight) {
            (Some(_), true, _) => "the server has restarted as intended".to_owned(),
            (Some(_), false, Some(step)) => {
                format!("the server restarted by itself while {step} was in flight")
            }
            (Some(_), false, None) => "the server restarted by itself between two steps".to_owned(),
            (None, true, _) => "a restart was asked for, and the boot is still the same".to_owned(),
            (None, false, Some(step)) if answered => format!("the gate of {step} was answered"),
            (None, false, Some(step)) if self.state.gate.is_some() => format!("{step} waits for an answer"),
            (None, false, Some(step)) => format!("{step} was begun and its outcome is not known"),
            (None, false, None) => "between two steps".to_owned(),
        };
        // Nobody saw mail while the program was away. What is certain: a boot stops transport for a while, and a step
        // in flight may have done its worst from its intent on.
        if !self.state.is_elsewhere() {
            self.assume_worst(before.is_some());
        }
        if let Some(before) = before.clone().filter(|_| !wanted) {
            let after = self.boot.clone();
            let by_hand = self.state.gate.as_ref().filter(|gate| gate.why == GateKind::Restart);
            self.push(match by_hand.map(|gate| self.step(gate.step).id.clone()) {
                Some(step) => Event::RestartProven { step, before, after },
                None => Event::UnplannedRestart { before, after },
            });
        }
        self.push(Event::Resumed { boot: self.boot.clone(), found });
        if let Some(gate) = self.state.gate.as_ref().filter(|gate| gate.why == GateKind::Changed)
            && self.state.changed_engine.is_none()
        {
            self.push(Event::GateAnswered {
                gate: gate.id.clone(),
                choice: Choice::Continue,
                by: Actor("mailsec".to_owned()),
                note: "the version that began it is back".to_owned(),
                items: ItemAnswers::new(),
            });
        }
        self.note_mail().await;
        self.commit()
    }

    /// After a boot: waits until no installer runs and the services run that the plan found running, transport only
    /// while mail is not held. One that does not come up is left to the steps, which name it.
    async fn await_boot(&self) -> Result<(), Failure> {
        let mut wanted: Vec<ServiceName> = self
            .state
            .plan_steps()
            .iter()
            .find_map(|step| match &step.operation {
                Operation::AwaitReady { services } => Some(services.clone()),
                _ => None,
            })
            .unwrap_or_default();
        if self.state.holds_mail() {
            wanted.retain(|service| !service.same(&ServiceName::transport()));
        }
        let mut there = Vec::new();
        for service in wanted {
            // One that a half-finished installer took away does not come back by waiting.
            if self.glance(self.host.services().get(&service)).await != Some(None) {
                there.push(service);
            }
        }
        let ready = self.perform.ready(self.host, &there, BOOT_READY);
        let bounded = limit::within(self.host.clock(), BOOT_READY.saturating_mul(2), ready);
        match self.unless_told(bounded).await? {
            Some(Ok(_)) => {}
            Some(Err(failure)) => tracing::warn!(%failure, "the server is not ready after its restart"),
            None => tracing::warn!("nobody can say whether the server is ready after its restart"),
        }
        Ok(())
    }

    fn assume_worst(&mut self, booted: bool) {
        // Transport that was down may have come up and gone down with the server; mail that is held stays held.
        let held = self.state.ledger.now().is_none_or(|mail| mail.flow == Flow::Held);
        let worst = match (self.state.mail_in_flight(), booted && !held) {
            (Some((since, during)), _) => Some((since, during)),
            (None, true) => self.state.last.map(|last| (last, MailState::DOWN)),
            (None, false) => None,
        };
        if let Some((at, mail)) = worst {
            self.push(Event::MailFlowChanged { at, mail, seen: false, waiting: None });
        }
    }

    /// Records the state of mail when it is not the one last recorded.
    pub(super) async fn note_mail(&mut self) {
        if self.state.is_elsewhere() {
            return;
        }
        // A host that cannot say now will be asked again at the next step; the ledger keeps the last state meanwhile.
        let Some(mail) = self.glance(self.perform.mail(self.host, &self.state)).await else { return };
        if self.state.ledger.now().is_some_and(|last| last.same(mail) && self.state.ledger.is_seen()) {
            return;
        }
        let since = self.perform.mail_since(self.host, &self.state, mail);
        let Ok((at, waiting)) = self.unless_told(since).await else { return };
        self.push(Event::MailFlowChanged { at, mail, seen: true, waiting });
    }
}
