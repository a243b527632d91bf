//! The loop: ask the state machine what is next, do it, record it.
//!
//! Events collect until something must be durable: an intent before its effect, a question before somebody is asked,
//! the end. So the outcome of a step and the intent of the next travel in one append, which is one device flush.

use super::{
    Desk, Watcher, limit,
    perform::{OnServer, Perform},
};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{BootIdentity, Host, Nodes},
    journal::{Journal, Recorder, Stamp},
    operations::{Context, Vendor},
    plan::{MailState, Outcome, Plan, Step},
    planted::planted,
    upgrade::{Actor, Asked, Event, Finish, Next, Position, Standing, State, next},
    values::{GateId, StepId, UpgradeId},
};
use std::{ops::Deref, sync::Arc};
use tracing::Instrument;

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
    pub(super) host: &'a dyn Host,
    pub(super) vendor: Option<&'a dyn Vendor>,
    pub(super) nodes: Option<&'a dyn Nodes>,
    pub(super) desk: &'a dyn Desk,
    pub(super) watcher: &'a mut dyn Watcher,
    pub(super) recorder: Recorder<&'a mut dyn Journal>,
    pub(super) state: State,
    pub(super) boot: BootIdentity,
    pub(super) perform: &'a dyn Perform,
    version: Arc<str>,
    actor: Actor,
    stamp: Option<Stamp>,
    /// What the journal had last when this process took it up.
    pub(super) said_last: Option<Event>,
}

/// A step, held by its plan.
pub(super) struct Planned {
    plan: Option<Arc<Plan>>,
    index: usize,
}

impl Deref for Planned {
    type Target = Step;

    fn deref(&self) -> &Step {
        &self.plan.as_ref().map_or(&[][..], |plan| &plan.steps)[self.index]
    }
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
        let state = super::fold(&envelopes);
        let boot = limit::boot(host).await?;
        Ok(Self {
            host,
            vendor,
            nodes: None,
            desk,
            watcher,
            recorder,
            state,
            boot,
            perform: &OnServer,
            version: version.into(),
            actor: Actor(actor.to_owned()),
            stamp: None,
            said_last: envelopes.last().and_then(|last| last.event.known()).cloned(),
        })
    }

    /// For the upgrade of a cluster: where its nodes are.
    #[must_use]
    pub fn with_nodes(mut self, nodes: &'a dyn Nodes) -> Self {
        self.nodes = Some(nodes);
        self
    }

    /// Not on a server.
    pub(super) fn performed_by(mut self, perform: &'a dyn Perform) -> Self {
        self.perform = perform;
        self
    }

    /// The state as far as it was folded.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The same, when nothing more is to be done.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }

    /// Runs until the upgrade ends, waits, or fails to be recorded.
    ///
    /// # Errors
    /// From the journal or the desk: then nothing new was begun.
    pub async fn run(&mut self) -> Result<Stop, Failure> {
        let ended = match self.drive().await {
            // It was told to end; what has happened is recorded first.
            Err(failure) if self.desk.messages().is_err() => Err(match self.rest() {
                Ok(()) => failure,
                Err(lost) => lost.cause(failure),
            }),
            other => other,
        };
        match ended {
            Err(failure) if self.state.holds_mail() => Err(failure.cause(
                "mail is held meanwhile: transport is stopped and set not to start by itself; senders keep their \
                 mail for a few days and try again",
            )),
            other => other,
        }
    }

    async fn drive(&mut self) -> Result<Stop, Failure> {
        if matches!(self.state.standing, Standing::Running | Standing::Paused) {
            let flight = self.state.flight.as_ref();
            let span = flight.map_or_else(tracing::Span::none, |flight| self.span(flight.step, flight.undo));
            self.take_up().instrument(span).await?;
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
                Next::Start => self.start().await?,
                Next::Run { step, wait } => {
                    let span = self.span(step, false);
                    self.run_step(step, wait).instrument(span).await?;
                }
                Next::Verify { step } => {
                    let span = self.span(step, false);
                    self.apply(step).instrument(span).await?;
                }
                Next::Observe { step } => {
                    let span = self.span(step, false);
                    self.observe(step).instrument(span).await?;
                }
                Next::Skip { step, why } => {
                    let step = self.step(step).id.clone();
                    self.push(Event::StepSkipped { step, why });
                }
                Next::Restart { step } => {
                    let span = self.span(step, false);
                    if let Some(stop) = self.restart(step).instrument(span).await? {
                        return Ok(stop);
                    }
                }
                Next::AwaitRestart { step } => {
                    let span = self.span(step, false);
                    if let Some(stop) = self.await_restart(step).instrument(span).await? {
                        return Ok(stop);
                    }
                }
                Next::Ask(asked) => self.open_gate(asked),
                Next::AskVendor { step } => {
                    let span = self.span(step, false);
                    self.ask_vendor(step).instrument(span).await?;
                }
                Next::AwaitAnswer => {
                    if let Some(stop) = self.await_answer().await? {
                        return Ok(stop);
                    }
                }
                Next::TurnBack { why } => self.push(Event::RollbackBegun { why }),
                Next::Undo { step, wait } => {
                    let span = self.span(step, true);
                    self.undo(step, wait).instrument(span).await?;
                }
                Next::Keep { step, why } => {
                    let step = self.step(step).id.clone();
                    self.push(Event::UndoApplied { step, outcome: Outcome::same(why) });
                }
                Next::Honour(request) => self.push(Event::Honoured { request }),
                Next::Decline(request, why) => self.push(Event::Declined { request, why }),
                Next::Paused => {
                    self.note_canary().await;
                    self.rest()?;
                    return Ok(Stop::Paused);
                }
                Next::Finish(how) => {
                    self.end_canary().await?;
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

    /// Around all that is done for a step: what the host logs meanwhile carries it. Of the loudest level, so that no
    /// filter takes the fields from a record that it lets through.
    fn span(&self, index: usize, undo: bool) -> tracing::Span {
        let step = &self.state.plan_steps()[index];
        let flight = self.state.flight.as_ref().filter(|flight| flight.step == index);
        let progress = &self.state.steps[index];
        let failed = match undo {
            true => progress.undo_failed.as_ref().map_or(0, |(attempt, _)| *attempt),
            false => progress.failures,
        };
        let attempt = flight.map_or(failed.saturating_add(1), |flight| flight.attempt);
        tracing::error_span!("step", step = %step.id, phase = %step.phase, attempt, undo)
    }

    pub(super) fn open_gate(&mut self, Asked { step, why, question, choices }: Asked) {
        let step = self.step(step).id.clone();
        let gate = GateId::new(&step, self.state.gates + 1);
        self.push(Event::GateOpened { gate, step, why, question, choices });
    }

    /// A step of the plan, which outlives what happens to the state meanwhile.
    pub(super) fn step(&self, index: usize) -> Planned {
        Planned { plan: self.state.plan.clone(), index }
    }

    /// Takes an event. All events of one append carry the time of the first, so that the state folded here is the
    /// state that a reader of the journal folds.
    pub(super) fn push(&mut self, event: Event) {
        let stamp = self.stamp.get_or_insert_with(|| Stamp {
            at: self.host.clock().now(),
            boot: self.boot.clone(),
            engine: self.version.clone(),
        });
        let at = if planted!(OwnTimeForState) { self.host.clock().now() } else { stamp.at };
        self.state.apply(Position { at, engine: &stamp.engine }, &event);
        self.perform.decided(&event);
        self.recorder.push(event);
    }

    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        if let Some(stamp) = self.stamp.take() {
            for envelope in self.recorder.commit(&stamp)? {
                self.watcher.recorded(&envelope, &self.state);
            }
        }
        Ok(())
    }

    pub(super) fn commit_intent(&mut self, step: &StepId) -> Result<Permit, Failure> {
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
    pub(super) fn rest(&mut self) -> Result<(), Failure> {
        self.commit()?;
        self.recorder.settle()
    }

    async fn start(&mut self) -> Result<(), Failure> {
        let mail = match self.state.is_elsewhere() {
            // Not looked at; the fold takes no notice of it either.
            true => MailState::GOOD,
            false => {
                let mail = limit::glance(self.host.clock(), self.perform.mail(self.host, &self.state));
                self.unless_told(mail).await?.unwrap_or(MailState::DOWN)
            }
        };
        self.push(Event::Started { by: self.actor.clone(), boot: self.boot.clone(), mail });
        Ok(())
    }

    pub(super) fn context<'c>(&'c self, step: &'c Step) -> Context<'c> {
        Context::new(self.host, self.recorder.upgrade(), &self.state, step, self.vendor)
            .with_nodes(self.nodes)
    }
}
