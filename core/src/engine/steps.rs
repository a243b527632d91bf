//! One step: run, observed, undone.

use super::Engine;
use crate::{
    failure::{Failure, Remedy},
    operations::MailNote,
    plan::{Evidence, Observation, Outcome},
    planted::planted,
    upgrade::Event,
};
use std::time::Duration;

/// How often a host that cannot tell what is there of a step is asked again.
const OBSERVE_TRIES: u32 = 3;

impl Engine<'_> {
    pub(super) async fn run_step(&mut self, index: usize, wait: Duration) -> Result<(), Failure> {
        let step = self.step(index);
        if !wait.is_zero() {
            self.commit()?;
            self.pause(wait).await?;
            // A service that was slow may have come up meanwhile.
            self.note_mail().await;
        }
        let attempt = self.state.steps[index].failures + 1;
        let before = if self.state.steps[index].before.is_none() || planted!(SnapshotTakenAgain) {
            let ctx = self.context(&step);
            match self.look(&step, self.perform.prepare(&ctx)).await? {
                Ok(before) => before,
                Err(failure) => {
                    self.push(Event::StepFailed { step: step.id.clone(), attempt, failure });
                    return Ok(());
                }
            }
        } else {
            None
        };
        self.push(Event::StepIntended { step: step.id.clone(), attempt, before });
        if step.operation.asks() {
            return Ok(());
        }
        self.apply(index).await
    }

    pub(super) async fn apply(&mut self, index: usize) -> Result<(), Failure> {
        let step = self.step(index);
        let permit = self.commit_intent(&step.id)?;
        self.watcher.running(&step, false);
        if planted!(AnswerBelieved) && step.operation.asks() {
            self.push(Event::StepApplied { step: step.id.clone(), outcome: Outcome::default() });
            return Ok(());
        }
        if planted!(OutcomeBeforeEffect) {
            self.push(Event::StepApplied { step: step.id.clone(), outcome: Outcome::default() });
            self.commit()?;
        }
        let ctx = self.context(&step);
        let mut result = self.act(&step, self.perform.apply(&ctx, &permit)).await?;
        if result.is_ok() && step.operation.goes_on_elsewhere() {
            match self.follow(&step).await? {
                Some(followed) => result = followed,
                // Somebody wants something first. The step stays in flight, and is taken up as after a crash.
                None => return Ok(()),
            }
        }
        let notes = ctx.take_notes();
        let attempt = self.state.flight.as_ref().map_or(1, |flight| flight.attempt);
        self.push_notes(notes);
        match result {
            Ok(_) if planted!(OutcomeBeforeEffect) => {}
            Ok(outcome) => self.push(Event::StepApplied { step: step.id.clone(), outcome }),
            Err(failure) => self.push(Event::StepFailed { step: step.id.clone(), attempt, failure }),
        }
        self.note_mail().await;
        Ok(())
    }

    /// Has the vendor make its question from what is found now, which may be that there is nothing to ask.
    pub(super) async fn ask_vendor(&mut self, index: usize) -> Result<(), Failure> {
        let step = self.step(index);
        let ctx = self.context(&step);
        let asked = self.look(&step, self.perform.question(&ctx, index)).await?;
        match asked {
            Ok(Some(asked)) => {
                self.open_gate(asked);
                Ok(())
            }
            Ok(None) => self.apply(index).await,
            // Nobody was asked, so nobody's answer is at fault.
            Err(mut failure) => {
                if failure.remedy == Remedy::Ask {
                    failure.remedy = Remedy::None;
                }
                let attempt = self.state.flight.as_ref().map_or(1, |flight| flight.attempt);
                self.push(Event::StepFailed { step: step.id.clone(), attempt, failure });
                Ok(())
            }
        }
    }

    fn push_notes(&mut self, notes: Vec<MailNote>) {
        for note in notes {
            if self.state.ledger.now().is_none_or(|last| !last.same(note.mail)) {
                self.push(Event::MailFlowChanged { at: note.at, mail: note.mail, seen: true, waiting: None });
            }
        }
    }

    pub(super) async fn observe(&mut self, index: usize) -> Result<(), Failure> {
        let step = self.step(index);
        if planted!(InDoubtCountsAsDone) {
            self.push(Event::StepObserved {
                step: step.id.clone(),
                observation: Observation::Applied(Outcome::default()),
            });
            return Ok(());
        }
        let mut tries = 0;
        let observation = loop {
            let ctx = self.context(&step);
            match self.look(&step, self.perform.observe(&ctx)).await? {
                Ok(observation) => break observation,
                Err(failure) if tries + 1 < OBSERVE_TRIES => {
                    tracing::warn!(step = %step.id, %failure, "the server could not be asked; trying again");
                    tries += 1;
                    let wait = step.retry.wait_after(tries).max(Duration::from_secs(1));
                    self.unless_told(self.host.clock().sleep(wait)).await?;
                }
                Err(failure) => {
                    break Observation::Unknown {
                        evidence: vec![Evidence::new("observation", failure.to_string())],
                    };
                }
            }
        };
        self.push(Event::StepObserved { step: step.id.clone(), observation });
        self.note_mail().await;
        Ok(())
    }

    pub(super) async fn undo(&mut self, index: usize, wait: Duration) -> Result<(), Failure> {
        let step = self.step(index);
        if !wait.is_zero() {
            self.commit()?;
            self.unless_told(self.host.clock().sleep(wait)).await?;
            self.note_mail().await;
        }
        let attempt = self.state.steps[index].undo_failed.as_ref().map_or(1, |(attempt, _)| attempt + 1);
        self.push(Event::UndoIntended { step: step.id.clone(), attempt });
        let permit = self.commit_intent(&step.id)?;
        self.watcher.running(&step, true);
        let ctx = self.context(&step);
        let result = self.act(&step, self.perform.undo(&ctx, &permit)).await?;
        let notes = ctx.take_notes();
        self.push_notes(notes);
        match result {
            Ok(outcome) => self.push(Event::UndoApplied { step: step.id.clone(), outcome }),
            Err(failure) => self.push(Event::UndoFailed { step: step.id.clone(), attempt, failure }),
        }
        self.note_mail().await;
        Ok(())
    }
}
