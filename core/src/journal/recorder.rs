//! The engine's pen: collects events, makes them durable, and is the only one that issues a [`Permit`].

use super::{Envelope, Journal, Permit, Stamp};
use crate::{
    failure::{Code, Failure},
    planted::planted,
    upgrade::Event,
    values::{GateId, StepId, UpgradeId},
};
use std::collections::BTreeMap;

/// Writes one upgrade's events.
///
/// After an append that failed it refuses every further commit: what is on disk is then unknown until the journal
/// is read again, and nothing may begin on that ground. `J` can be a journal, a `&mut` to one, or a boxed one.
#[derive(Debug)]
pub struct Recorder<J: Journal> {
    journal: J,
    upgrade: UpgradeId,
    count: u64,
    buffered: Vec<Event>,
    steps: Steps,
    broken: Option<Failure>,
}

impl<J: Journal> Recorder<J> {
    /// For an upgrade that has no events yet. The first commit fails when it has.
    pub fn begin(journal: J, upgrade: UpgradeId) -> Self {
        Self { journal, upgrade, count: 0, buffered: Vec::new(), steps: Steps::default(), broken: None }
    }

    /// For an upgrade that has events; they are returned.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn resume(journal: J, upgrade: UpgradeId) -> Result<(Self, Vec<Envelope>), Failure> {
        let envelopes = journal.read(upgrade)?;
        let mut recorder = Self::begin(journal, upgrade);
        recorder.count = envelopes.len() as u64;
        recorder.steps.note(&envelopes);
        Ok((recorder, envelopes))
    }

    /// The upgrade.
    #[must_use]
    pub fn upgrade(&self) -> UpgradeId {
        self.upgrade
    }

    /// Envelopes on disk.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Events that wait for the next commit.
    #[must_use]
    pub fn buffered(&self) -> &[Event] {
        &self.buffered
    }

    /// Why it refuses to go on, when it does.
    #[must_use]
    pub fn broken(&self) -> Option<&Failure> {
        self.broken.as_ref()
    }

    /// The journal.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// Gives the journal back; what was not committed is dropped.
    pub fn into_journal(self) -> J {
        self.journal
    }

    /// Keeps an event for the next commit.
    pub fn push(&mut self, event: Event) {
        self.buffered.push(event);
    }

    /// Makes everything that was pushed durable, in one append and one device flush; nothing when nothing waits.
    ///
    /// # Errors
    /// As [`Journal::append`]; the same again for every commit after one that failed.
    pub fn commit(&mut self, stamp: &Stamp) -> Result<Vec<Envelope>, Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        if self.buffered.is_empty() {
            return Ok(Vec::new());
        }
        match self.journal.append(self.upgrade, self.count, stamp, &self.buffered) {
            Ok(envelopes) => {
                self.buffered.clear();
                self.count += envelopes.len() as u64;
                self.steps.note(&envelopes);
                Ok(envelopes)
            }
            Err(failure) => {
                self.broken = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// As [`commit`](Self::commit), and then the permit for a step, when the last thing said about it is that it is
    /// about to run (or to be undone, or to restart the server), or is the answer to a gate that was opened while
    /// it was in flight.
    ///
    /// # Errors
    /// As [`commit`](Self::commit). When the store has begun to use its reserve of space, [`Code::DiskFull`]; nothing
    /// was written then, the events still wait, and [`withdraw`](Self::withdraw) takes the intent out so that what
    /// ends can be committed. Without an intent: [`Code::RequestRefused`].
    pub fn commit_intent(
        &mut self,
        step: &StepId,
        stamp: &Stamp,
    ) -> Result<(Permit, Vec<Envelope>), Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        self.journal.ready()?;
        if planted!(EffectBeforeIntent) {
            return Ok((Permit::issue(self.upgrade, step.clone(), self.count), Vec::new()));
        }
        let envelopes = self.commit(stamp)?;
        let Some(seq) = self.steps.intent(step) else {
            return Err(Failure::new(Code::RequestRefused, format!("no intent to run {step} is on disk"))
                .expected("an intent as the last event of the step"));
        };
        Ok((Permit::issue(self.upgrade, step.clone(), seq), envelopes))
    }

    /// Takes the intents of a step out of what waits for the next commit; says whether there was one.
    pub fn withdraw(&mut self, of: &StepId) -> bool {
        let before = self.buffered.len();
        self.buffered.retain(|event| {
            !matches!(event, Event::StepIntended { step, .. } | Event::UndoIntended { step, .. }
                | Event::RestartIntended { step, .. } if step == of)
        });
        self.buffered.len() < before
    }

    /// Waits for every copy that the store keeps.
    ///
    /// # Errors
    /// As [`Journal::settle`].
    pub fn settle(&mut self) -> Result<(), Failure> {
        self.journal.settle()
    }
}

/// What was last said about each step.
#[derive(Debug, Default)]
struct Steps {
    /// Sequence number of the intent that a step is in flight by.
    flight: BTreeMap<StepId, u64>,
    /// Whether the step's last event lets it run.
    may_run: BTreeMap<StepId, bool>,
    gates: BTreeMap<GateId, StepId>,
}

impl Steps {
    fn intent(&self, step: &StepId) -> Option<u64> {
        let may_run = self.may_run.get(step).copied().unwrap_or(false);
        self.flight.get(step).copied().filter(|_| may_run)
    }

    fn note(&mut self, envelopes: &[Envelope]) {
        for envelope in envelopes {
            if let Some(event) = envelope.event.known() {
                self.note_one(envelope.seq, event);
            }
        }
    }

    fn note_one(&mut self, seq: u64, event: &Event) {
        match event {
            Event::StepIntended { step, .. }
            | Event::UndoIntended { step, .. }
            | Event::RestartIntended { step, .. } => {
                self.flight.insert(step.clone(), seq);
                self.may_run.insert(step.clone(), true);
            }
            // Whatever was observed, acting on it takes a new intent.
            Event::StepObserved { step, .. } | Event::RestartProven { step, .. } => {
                self.may_run.insert(step.clone(), false);
            }
            Event::StepApplied { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepSkipped { step, .. }
            | Event::UndoApplied { step, .. }
            | Event::UndoFailed { step, .. } => {
                self.flight.remove(step);
                self.may_run.insert(step.clone(), false);
            }
            Event::GateOpened { gate, step, .. } => {
                self.gates.insert(gate.clone(), step.clone());
                self.may_run.insert(step.clone(), false);
            }
            Event::GateEntered { gate } => {
                if let Some(step) = self.gates.get(gate) {
                    self.may_run.insert(step.clone(), false);
                }
            }
            Event::GateAnswered { gate, .. } => {
                if let Some(step) = self.gates.get(gate) {
                    self.may_run.insert(step.clone(), self.flight.contains_key(step));
                }
            }
            Event::Planned { .. }
            | Event::Rehearsed(_)
            | Event::Started { .. }
            | Event::Resumed { .. }
            | Event::RollbackBegun { .. }
            | Event::UnplannedRestart { .. }
            | Event::MailFlowChanged { .. }
            | Event::CanaryWatched { .. }
            | Event::Requested { .. }
            | Event::Honoured { .. }
            | Event::Declined { .. }
            | Event::Finished { .. } => {}
        }
    }
}
