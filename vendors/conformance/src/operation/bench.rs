//! A server at one moment, on which one operation is called as often as wanted.

use super::moment::Moment;
use futures::executor::block_on;
use mailsec_core::{
    Failure, Permit,
    failure::Remedy,
    host::{Answer, Host},
    journal::{MemoryJournal, Recorder, Stamp},
    operations::{Context, operate},
    plan::{Observation, Outcome},
    product::MailSecurityProduct,
    upgrade::{Event, Position, State},
    values::UpgradeId,
};
use mailsec_simulator::{
    Calm, CrashAt, SimHost, World,
    explore::{Crash, VERSION},
    people::Secrets,
};
use std::{cell::RefCell, fmt::Debug};

/// What all benches of one plan have in common.
pub(crate) struct Shop<'a> {
    pub(crate) product: &'a dyn MailSecurityProduct,
    pub(crate) upgrade: UpgradeId,
    pub(crate) secrets: Secrets,
    /// Everything that operations said: no secret may be in it.
    pub(crate) said: RefCell<String>,
}

/// A server at one moment.
pub(crate) struct Bench<'a> {
    shop: &'a Shop<'a>,
    moment: &'a Moment,
    pub(crate) host: SimHost,
    state: State,
}

impl Shop<'_> {
    fn note(&self, said: &impl Debug) {
        let mut text = self.said.borrow_mut();
        text.push_str(&format!("{said:?}"));
        text.push('\n');
    }
}

impl<'a> Bench<'a> {
    /// The server as the plan finds it.
    pub(crate) fn at(shop: &'a Shop<'a>, moment: &'a Moment) -> Self {
        Self::on(shop, moment, moment.world.clone(), moment.state.clone())
    }

    fn on(shop: &'a Shop<'a>, moment: &'a Moment, world: World, state: State) -> Self {
        let host = SimHost::in_memory(world).with_secrets(shop.secrets.clone());
        Self { shop, moment, host, state }
    }

    /// The same server again; neither sees what happens to the other.
    pub(crate) fn fork(&self) -> Self {
        Self::on(self.shop, self.moment, self.host.world(), self.state.clone())
    }

    fn context(&self) -> Context<'_> {
        let (upgrade, vendor) = (self.shop.upgrade, self.shop.product.vendor());
        Context::new(&self.host, upgrade, &self.state, &self.moment.step, vendor)
    }

    /// What the server shows of the step.
    pub(crate) fn observe(&self) -> Answer<Observation> {
        let seen = block_on(operate(&self.moment.step.operation).observe(&self.context()));
        self.shop.note(&seen);
        seen
    }

    /// Runs the step; one that may be tried again is, as the plan says.
    pub(crate) fn apply(&mut self) -> Answer<Outcome> {
        let step = &self.moment.step;
        let intent = Event::StepIntended { step: step.id.clone(), attempt: 1, before: None };
        let mut tries = 0;
        loop {
            tries += 1;
            let permit = self.intend(&intent)?;
            let done = block_on(operate(&step.operation).apply(&self.context(), &permit));
            self.shop.note(&done);
            match done {
                Err(failure)
                    if failure.remedy == Remedy::Retry
                        && tries < step.retry.attempts
                        && !self.host.is_off() =>
                {
                    block_on(self.host.clock().sleep(step.retry.wait_after(tries)));
                }
                other => return other,
            }
        }
    }

    /// Runs the step and folds what came of it.
    pub(crate) fn applied(&mut self) -> Answer<Outcome> {
        let outcome = self.apply()?;
        self.fold(&Event::StepApplied { step: self.moment.step.id.clone(), outcome: outcome.clone() });
        Ok(outcome)
    }

    /// Takes the step back.
    pub(crate) fn undo(&mut self) -> Answer<Outcome> {
        let step = &self.moment.step;
        let permit = self.intend(&Event::UndoIntended { step: step.id.clone(), attempt: 1 })?;
        let done = block_on(operate(&step.operation).undo(&self.context(), &permit));
        self.shop.note(&done);
        done
    }

    /// An undo that is recorded.
    pub(crate) fn undone(&mut self) -> Answer<Outcome> {
        let outcome = self.undo()?;
        self.fold(&Event::UndoApplied { step: self.moment.step.id.clone(), outcome: outcome.clone() });
        Ok(outcome)
    }

    /// The permit comes from where the engine has it: a journal that holds the intent.
    fn intend(&mut self, intent: &Event) -> Result<Permit, Failure> {
        let boot = self.host.look(World::boot_identity);
        let stamp = Stamp { at: self.host.clock().now(), boot, engine: VERSION.into() };
        let mut recorder = Recorder::begin(MemoryJournal::without_codec(), self.shop.upgrade);
        recorder.push(intent.clone());
        let (permit, _) = recorder.commit_intent(&self.moment.step.id, &stamp)?;
        self.fold(intent);
        Ok(permit)
    }

    pub(crate) fn fold(&mut self, event: &Event) {
        self.state.apply(Position { at: self.host.clock().now(), engine: VERSION }, event);
    }

    /// The power goes off at a crash point, counted from here.
    pub(crate) fn cut_at(&self, point: usize) {
        self.host.set_tape(CrashAt::new(point));
    }

    /// Crash points that were passed since the server was taken.
    pub(crate) fn points(&self) -> Vec<&'static str> {
        self.host.points()
    }

    /// What went down comes up again, and the next process takes the upgrade up.
    pub(crate) fn come_back(&mut self, crash: Crash) {
        let before = self.host.look(World::boot_identity);
        // A world in memory can always be changed.
        _ = match crash {
            Crash::Machine => self.host.boot(),
            Crash::Process => self.host.restart_process(),
        };
        self.host.set_tape(Calm);
        let after = self.host.look(World::boot_identity);
        if before != after {
            self.fold(&Event::UnplannedRestart { before, after: after.clone() });
        }
        self.fold(&Event::Resumed { boot: after, found: "the kit cut it".to_owned() });
    }
}
