//! The loop: ask the state machine what is next, do it, record it.
//!
//! Events collect until something must be durable: an intent before its effect, a question before somebody is asked,
//! the end. So the outcome of a step and the intent of the next travel in one append, which is one device flush.

use super::{Desk, Message, Said, Watcher};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{BootIdentity, Host, ServiceName},
    journal::{Journal, Recorder, Stamp},
    operations::{Context, Vendor, await_ready, measure, operate},
    plan::{Choice, Evidence, Flow, MailState, Observation, Operation, Outcome, Step},
    upgrade::{Actor, Event, Finish, GateKind, Next, Position, Request, Standing, State, next},
    values::{GateId, StepId, Timestamp, UpgradeId},
};
use std::time::Duration;

/// How long a server may take after a boot until its services run and no installer does. A service that never comes
/// up delays the upgrade by no more than this.
const BOOT_READY: Duration = Duration::from_secs(300);
/// How often the boot identity is looked at while a restart is awaited.
const RESTART_POLL: Duration = Duration::from_secs(5);
/// How often a host that cannot tell what is there of a step is asked again.
const OBSERVE_TRIES: u32 = 3;

/// Why the driver stopped. Nothing is in flight then but what the variant says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is over.
    Finished(Finish),
    /// A gate waits for an answer.
    GateOpen(GateId),
    /// The server is restarting.
    RestartPending,
    /// A person paused it.
    Paused,
}

/// Drives one upgrade on one server.
pub struct Engine<'a> {
    host: &'a dyn Host,
    vendor: Option<&'a dyn Vendor>,
    desk: &'a dyn Desk,
    watcher: &'a mut dyn Watcher,
    recorder: Recorder<&'a mut dyn Journal>,
    state: State,
    boot: BootIdentity,
    version: String,
    actor: Actor,
    stamp: Option<Stamp>,
}

impl<'a> Engine<'a> {
    /// Takes up an upgrade as the journal has it. `version` is this program's, `actor` who runs it.
    ///
    /// # Errors
    /// When the journal or the boot identity cannot be read.
    pub async fn open(
        host: &'a dyn Host,
        journal: &'a mut dyn Journal,
        upgrade: UpgradeId,
        vendor: Option<&'a dyn Vendor>,
        desk: &'a dyn Desk,
        watcher: &'a mut dyn Watcher,
        (version, actor): (&str, &str),
    ) -> Result<Self, Failure> {
        let (recorder, envelopes) = Recorder::resume(journal, upgrade)?;
        let loaded = super::load(&envelopes);
        let boot = host.power().boot().await?;
        Ok(Self {
            host,
            vendor,
            desk,
            watcher,
            recorder,
            state: loaded.state,
            boot,
            version: version.to_owned(),
            actor: Actor(actor.to_owned()),
            stamp: None,
        })
    }

    /// The state as far as it was folded.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Runs until the upgrade ends, waits, or fails to be recorded.
    ///
    /// # Errors
    /// From the journal or the desk: then nothing new was begun.
    pub async fn run(&mut self) -> Result<Stop, Failure> {
        match self.drive().await {
            Err(failure) if self.state.holds_mail() => Err(failure.cause(
                "mail is held meanwhile: transport is stopped and set not to start by itself; senders keep their \
                 mail for a few days and try again",
            )),
            other => other,
        }
    }

    async fn drive(&mut self) -> Result<Stop, Failure> {
        if matches!(self.state.standing, Standing::Running | Standing::Paused) {
            self.take_up().await?;
        }
        loop {
            self.take_messages()?;
            match next(&self.state) {
                Next::NoPlan => {
                    return Err(Failure::new(
                        Code::UpgradeNotFound,
                        "this upgrade has no plan that can be read",
                    ));
                }
                Next::Start => self.start().await,
                Next::Run { step, wait } => self.run_step(step, wait).await?,
                Next::Verify { step } => self.apply(step).await?,
                Next::Observe { step } => self.observe(step).await?,
                Next::Skip { step, why } => {
                    let step = self.step(step).id.clone();
                    self.push(Event::StepSkipped { step, why });
                }
                Next::Restart { step } => {
                    if let Some(stop) = self.restart(step).await? {
                        return Ok(stop);
                    }
                }
                Next::AwaitRestart { step } => {
                    if let Some(stop) = self.await_restart(step).await? {
                        return Ok(stop);
                    }
                }
                Next::Ask { step, why, question, choices } => {
                    let step = self.step(step).id.clone();
                    let gate = GateId::new(&step, self.state.gates + 1);
                    self.push(Event::GateOpened { gate, step, why, question, choices });
                }
                Next::AwaitAnswer => {
                    if let Some(stop) = self.await_answer().await? {
                        return Ok(stop);
                    }
                }
                Next::TurnBack { why } => self.push(Event::RollbackBegun { why }),
                Next::Undo { step, wait } => self.undo(step, wait).await?,
                Next::Keep { step, why } => {
                    let step = self.step(step).id.clone();
                    self.push(Event::UndoApplied { step, outcome: Outcome::same(why) });
                }
                Next::Honour(request) => self.push(Event::Honoured { request }),
                Next::Decline(request, why) => self.push(Event::Declined { request, why }),
                Next::Paused => {
                    self.rest()?;
                    return Ok(Stop::Paused);
                }
                Next::Finish(how) => {
                    self.note_mail().await;
                    self.push(Event::Finished { how });
                }
                Next::Ended(how) => {
                    self.rest()?;
                    return Ok(Stop::Finished(how));
                }
            }
        }
    }

    fn step(&self, index: usize) -> Step {
        self.state.plan_steps()[index].clone()
    }

    /// Takes an event. All events of one append carry the time of the first, so that the state folded here is the
    /// state that a reader of the journal folds.
    fn push(&mut self, event: Event) {
        let stamp = self.stamp.get_or_insert_with(|| Stamp {
            at: self.host.clock().now(),
            boot: self.boot.clone(),
            engine: self.version.clone(),
        });
        self.state.apply(Position { at: stamp.at, engine: &stamp.engine }, &event);
        self.recorder.push(event);
    }

    fn commit(&mut self) -> Result<(), Failure> {
        if let Some(stamp) = self.stamp.take() {
            for envelope in self.recorder.commit(&stamp)? {
                self.watcher.recorded(&envelope, &self.state);
            }
        }
        Ok(())
    }

    fn commit_intent(&mut self, step: &StepId) -> Result<Permit, Failure> {
        let stamp = self.stamp.take().unwrap_or_else(|| Stamp {
            at: self.host.clock().now(),
            boot: self.boot.clone(),
            engine: self.version.clone(),
        });
        let (permit, envelopes) = match self.recorder.commit_intent(step, &stamp) {
            Ok(answer) => answer,
            Err(failure) => {
                // Nothing new begins on a full disk; what has happened already is still recorded.
                if self.recorder.broken().is_none() && self.recorder.withdraw(step) {
                    self.recorder.commit(&stamp)?;
                    self.recorder.settle()?;
                }
                return Err(failure);
            }
        };
        for envelope in envelopes {
            self.watcher.recorded(&envelope, &self.state);
        }
        Ok(permit)
    }

    /// Everything durable, in every copy: before the program waits, ends, or the server restarts.
    fn rest(&mut self) -> Result<(), Failure> {
        self.commit()?;
        self.recorder.settle()
    }

    fn take_messages(&mut self) -> Result<(), Failure> {
        for message in self.desk.messages()? {
            self.take(&message)?;
        }
        Ok(())
    }

    fn take(&mut self, message: &Message) -> Result<(), Failure> {
        let refused = match &message.said {
            Said::Answer { gate, choice } => {
                let open =
                    self.state.gate.as_ref().filter(|open| open.id == *gate && open.choices.contains(choice));
                match open {
                    Some(_) => {
                        self.push(Event::GateAnswered {
                            gate: gate.clone(),
                            choice: *choice,
                            by: Actor(message.by.clone()),
                            note: message.note.clone(),
                        });
                        None
                    }
                    None => Some(
                        Failure::new(
                            Code::GateNotOpen,
                            format!("the gate {gate} is not open, or has no answer {choice}"),
                        )
                        .hint("`mailsec status` shows what is asked"),
                    ),
                }
            }
            Said::Request(_) if matches!(self.state.standing, Standing::Finished(_)) => {
                Some(Failure::new(Code::RequestRefused, "this upgrade is over"))
            }
            Said::Request(request) => {
                self.push(Event::Requested {
                    request: *request,
                    by: Actor(message.by.clone()),
                    note: message.note.clone(),
                });
                None
            }
        };
        self.commit()?;
        self.desk.taken(message, refused.as_ref());
        Ok(())
    }

    async fn start(&mut self) {
        let mail = measure(self.host, &self.state).await.unwrap_or(MailState::DOWN);
        self.push(Event::Started { by: self.actor.clone(), boot: self.boot.clone(), mail });
    }

    /// After a crash, a pause, a gate or a restart.
    async fn take_up(&mut self) -> Result<(), Failure> {
        let before = self.state.boot.clone().filter(|before| *before != self.boot);
        let wanted = self.state.flight.as_ref().is_some_and(|flight| flight.restart.is_some());
        let in_flight =
            self.state.flight.as_ref().map(|flight| self.state.plan_steps()[flight.step].id.clone());
        let found = match (&before, wanted, &in_flight) {
            (Some(_), true, _) => "the server has restarted as intended".to_owned(),
            (Some(_), false, Some(step)) => {
                format!("the server restarted by itself while {step} was in flight")
            }
            (Some(_), false, None) => "the server restarted by itself between two steps".to_owned(),
            (None, true, _) => "a restart was asked for, and the boot is still the same".to_owned(),
            (None, false, Some(step)) => format!("{step} was begun and its outcome is not known"),
            (None, false, None) => "between two steps".to_owned(),
        };
        // Nobody saw mail while the program was away. What is certain: a boot stops transport for a while, and a step
        // in flight may have done its worst from its intent on.
        self.assume_worst(before.is_some());
        if let Some(before) = before.clone().filter(|_| !wanted) {
            let after = self.boot.clone();
            let by_hand = self.state.gate.as_ref().filter(|gate| gate.why == GateKind::Restart);
            self.push(match by_hand.map(|gate| self.step(gate.step).id) {
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
            });
        }
        if before.is_some() {
            self.await_boot().await;
        }
        self.note_mail().await;
        self.commit()
    }

    /// After a boot: waits until no installer runs and the services run that the plan found running, transport only
    /// while mail is not held. One that does not come up is left to the steps, which name it.
    async fn await_boot(&self) {
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
            if !matches!(self.host.services().get(&service).await, Ok(None)) {
                there.push(service);
            }
        }
        if let Err(failure) = await_ready(self.host, &there, BOOT_READY).await {
            tracing::warn!(%failure, "the server is not ready after its restart");
        }
    }

    fn assume_worst(&mut self, booted: bool) {
        let impact = self.state.flight.as_ref().and_then(|flight| {
            self.state.plan_steps()[flight.step].mail.map(|impact| (flight.since, impact.during))
        });
        let flowing = self.state.ledger.now().is_some_and(|mail| mail.flow == Flow::Flowing);
        let worst = match (impact, booted && flowing) {
            (Some((since, during)), _) => Some((since, during)),
            (None, true) => self.state.last.map(|last| (last, MailState::DOWN)),
            (None, false) => None,
        };
        if let Some((at, mail)) = worst {
            self.push(Event::MailFlowChanged { at, mail, seen: false, waiting: None });
        }
    }

    /// Records the state of mail when it is not the one last recorded.
    async fn note_mail(&mut self) {
        // A host that cannot say now will be asked again at the next step; the ledger keeps the last state meanwhile.
        let Ok(mail) = measure(self.host, &self.state).await else { return };
        if self.state.ledger.now().is_some_and(|last| last.same(mail) && self.seen()) {
            return;
        }
        let waiting = self.host.transport().queues().await.ok().flatten().map(|depth| depth.waiting);
        let at = self.flowing_since(mail).await.unwrap_or_else(|| self.host.clock().now());
        self.push(Event::MailFlowChanged { at, mail, seen: true, waiting });
    }

    /// Mail that flows again has done so since transport's start, not since somebody looked.
    async fn flowing_since(&self, mail: MailState) -> Option<Timestamp> {
        let last = self.state.ledger.changes().last()?;
        if mail.flow != Flow::Flowing || last.mail.flow == Flow::Flowing {
            return None;
        }
        let transport = self.host.services().get(&ServiceName::transport()).await.ok().flatten()?;
        transport.started.filter(|started| *started >= last.at)
    }

    fn seen(&self) -> bool {
        self.state.ledger.changes().last().is_none_or(|change| change.seen)
    }

    async fn run_step(&mut self, index: usize, wait: Duration) -> Result<(), Failure> {
        let step = self.step(index);
        if !wait.is_zero() {
            self.commit()?;
            self.host.clock().sleep(wait).await;
        }
        let attempt = self.state.steps[index].failures + 1;
        let before = if self.state.steps[index].before.is_none() {
            let ctx = self.context(&step);
            match operate(&step.operation).prepare(&ctx).await {
                Ok(before) => before,
                Err(failure) => {
                    self.push(Event::StepFailed { step: step.id, attempt, failure });
                    return Ok(());
                }
            }
        } else {
            None
        };
        self.push(Event::StepIntended { step: step.id.clone(), attempt, before });
        if step.operation.question().is_some() {
            return Ok(());
        }
        self.apply(index).await
    }

    async fn apply(&mut self, index: usize) -> Result<(), Failure> {
        let step = self.step(index);
        let permit = self.commit_intent(&step.id)?;
        self.watcher.running(&step, false);
        let ctx = self.context(&step);
        let result = operate(&step.operation).apply(&ctx, &permit).await;
        let notes = ctx.take_notes();
        let attempt = self.state.flight.as_ref().map_or(1, |flight| flight.attempt);
        self.push_notes(notes);
        match result {
            Ok(outcome) => self.push(Event::StepApplied { step: step.id, outcome }),
            Err(failure) => self.push(Event::StepFailed { step: step.id, attempt, failure }),
        }
        self.note_mail().await;
        Ok(())
    }

    fn push_notes(&mut self, notes: Vec<crate::operations::MailNote>) {
        for note in notes {
            if self.state.ledger.now().is_none_or(|last| !last.same(note.mail)) {
                self.push(Event::MailFlowChanged { at: note.at, mail: note.mail, seen: true, waiting: None });
            }
        }
    }

    async fn observe(&mut self, index: usize) -> Result<(), Failure> {
        let step = self.step(index);
        let mut tries = 0;
        let observation = loop {
            let ctx = self.context(&step);
            match operate(&step.operation).observe(&ctx).await {
                Ok(observation) => break observation,
                Err(failure) if tries + 1 < OBSERVE_TRIES => {
                    tracing::warn!(step = %step.id, %failure, "the server could not be asked; trying again");
                    tries += 1;
                    self.host.clock().sleep(step.retry.wait_after(tries).max(Duration::from_secs(1))).await;
                }
                Err(failure) => {
                    break Observation::Unknown {
                        evidence: vec![Evidence::new("observation", failure.to_string())],
                    };
                }
            }
        };
        self.push(Event::StepObserved { step: step.id, observation });
        self.note_mail().await;
        Ok(())
    }

    async fn undo(&mut self, index: usize, wait: Duration) -> Result<(), Failure> {
        let step = self.step(index);
        if !wait.is_zero() {
            self.commit()?;
            self.host.clock().sleep(wait).await;
        }
        let attempt = self.state.steps[index].undo_failed.as_ref().map_or(1, |(attempt, _)| attempt + 1);
        self.push(Event::UndoIntended { step: step.id.clone(), attempt });
        let permit = self.commit_intent(&step.id)?;
        self.watcher.running(&step, true);
        let ctx = self.context(&step);
        let result = operate(&step.operation).undo(&ctx, &permit).await;
        let notes = ctx.take_notes();
        self.push_notes(notes);
        match result {
            Ok(outcome) => self.push(Event::UndoApplied { step: step.id, outcome }),
            Err(failure) => self.push(Event::UndoFailed { step: step.id, attempt, failure }),
        }
        self.note_mail().await;
        Ok(())
    }

    async fn restart(&mut self, index: usize) -> Result<Option<Stop>, Failure> {
        let step = self.step(index);
        let attempt = self.state.steps[index].failures + 1;
        self.push(Event::RestartIntended { step: step.id.clone(), boot: self.boot.clone(), attempt });
        let permit = self.commit_intent(&step.id)?;
        self.recorder.settle()?;
        self.watcher.running(&step, false);
        match self.host.power().restart(&permit, "mailsec: planned restart of an upgrade").await {
            Ok(()) => Ok(Some(Stop::RestartPending)),
            Err(failure) => {
                self.push(Event::StepFailed { step: step.id, attempt, failure });
                Ok(None)
            }
        }
    }

    async fn await_restart(&mut self, index: usize) -> Result<Option<Stop>, Failure> {
        let step = self.step(index);
        let Some(flight) = self.state.flight.clone() else { return Ok(None) };
        let Some(before) = flight.restart else { return Ok(None) };
        if before != self.boot {
            self.push(Event::RestartProven { step: step.id, before, after: self.boot.clone() });
            return Ok(None);
        }
        // Somebody took the upgrade up while Windows is still going down, or the restart was vetoed. Waiting tells:
        // in the first case this process ends here.
        self.rest()?;
        while self.host.clock().now().since(flight.since) < step.limit() {
            self.host.clock().sleep(RESTART_POLL).await;
            if self.host.power().boot().await? != before {
                return Ok(Some(Stop::RestartPending));
            }
        }
        let failure = Failure::new(Code::RestartDidNotHappen, "the restart was asked for and did not happen")
            .expected(format!("another boot than {before}, within {} s", step.limit_secs))
            .found("the same boot")
            .hint("another program or a logged-on person may have stopped it")
            .retry();
        self.push(Event::StepFailed { step: step.id, attempt: flight.attempt, failure });
        Ok(None)
    }

    async fn await_answer(&mut self) -> Result<Option<Stop>, Failure> {
        let Some(gate) = self.state.gate.clone() else { return Ok(None) };
        // Open is durable before anybody is asked; entered, before anybody is waited for.
        self.rest()?;
        if !gate.entered {
            self.push(Event::GateEntered { gate: gate.id.clone() });
            self.commit()?;
        }
        match self.desk.ask(&gate, &self.state).await {
            Some(message) => self.take(&message).map(|()| None),
            None => {
                self.rest()?;
                Ok(Some(Stop::GateOpen(gate.id)))
            }
        }
    }

    fn context<'c>(&'c self, step: &'c Step) -> Context<'c> {
        Context::new(self.host, self.recorder.upgrade(), &self.state, step, self.vendor)
    }
}

impl Request {
    /// Whether it makes sense for an upgrade in this state.
    ///
    /// # Errors
    /// [`Code::RequestRefused`] with the reason.
    pub fn admit(self, state: &State) -> Result<(), Failure> {
        let refuse = |why: &str, hint: &str| {
            Err(Failure::new(Code::RequestRefused, format!("this upgrade cannot {self}: {why}")).hint(hint))
        };
        match (self, state.standing) {
            (_, Standing::Finished(_)) => refuse("it is over", "`mailsec report` shows how it ended"),
            (_, Standing::Empty) => refuse("it was never planned", "see `mailsec status`"),
            (Request::Cancel | Request::RollBack, _) if state.past_no_return() => refuse(
                "the new version is in place, and the way back ended there",
                "let it finish, or `mailsec abandon` and go on by hand",
            ),
            (Request::Pause, Standing::Paused) => refuse("it is paused already", "`mailsec resume` goes on"),
            _ => Ok(()),
        }
    }
}
