//! The server of a replay: a clock and boots from the record, and nothing else.

use super::course::{Course, end};
use crate::{
    Permit,
    host::{
        Answer, BootIdentity, Clock, Directory, Elsewhere, Files, Host, Mail, Packages, PendingRestart,
        Power, Processes, Registry, Secrets, Services, Transport,
    },
    upgrade::Event,
    values::{Secret, SecretRef, Timestamp},
};
use async_trait::async_trait;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// For one process.
pub(super) struct Place {
    nothing: Elsewhere,
    clock: Arc<Times>,
    boots: Boots,
}

impl Place {
    pub(super) fn new(course: &Arc<Course>) -> Self {
        let clock = Arc::new(Times(Arc::clone(course)));
        let boots = Boots { course: Arc::clone(course), opened: AtomicBool::new(false) };
        Self { nothing: Elsewhere::new("replay", clock.clone(), Arc::new(NoSecrets)), clock, boots }
    }
}

struct NoSecrets;

#[async_trait]
impl Secrets for NoSecrets {
    async fn get(&self, _: &SecretRef) -> Answer<Option<Secret>> {
        Ok(None)
    }
}

struct Times(Arc<Course>);

#[async_trait]
impl Clock for Times {
    /// The first event of an append is decided on at the append's time.
    fn now(&self) -> Timestamp {
        self.0.time()
    }
    async fn sleep(&self, _: Duration) {}
    async fn alarm(&self, _: Duration) {
        std::future::pending().await
    }
}

struct Boots {
    course: Arc<Course>,
    opened: AtomicBool,
}

#[async_trait]
impl Power for Boots {
    /// The process's own boot first. Later it is asked while a restart is awaited: the next process has the other
    /// boot, or the record ends.
    async fn boot(&self) -> Answer<BootIdentity> {
        let first = self.course.first_of_process().map(|envelope| &envelope.boot);
        if !self.opened.swap(true, Ordering::Relaxed) {
            return first.cloned().ok_or_else(end);
        }
        let next = self.course.ahead().first().map(|envelope| &envelope.boot);
        match next {
            Some(next) if Some(next) != first => Ok(next.clone()),
            _ => Err(self.course.missing("wait for the restart")),
        }
    }

    async fn pending(&self) -> Answer<Vec<PendingRestart>> {
        Ok(Vec::new())
    }

    async fn restart(&self, permit: &Permit, _: &str) -> Answer<()> {
        match self.course.next() {
            Some(Event::StepFailed { step, failure, .. }) if step == permit.step() => Err(failure.clone()),
            _ => Ok(()),
        }
    }
}

impl Host for Place {
    fn name(&self) -> String {
        self.nothing.name()
    }
    fn services(&self) -> &dyn Services {
        &self.nothing
    }
    fn transport(&self) -> &dyn Transport {
        &self.nothing
    }
    fn packages(&self) -> &dyn Packages {
        &self.nothing
    }
    fn files(&self) -> &dyn Files {
        &self.nothing
    }
    fn registry(&self) -> &dyn Registry {
        &self.nothing
    }
    fn directory(&self) -> &dyn Directory {
        &self.nothing
    }
    fn power(&self) -> &dyn Power {
        &self.boots
    }
    fn mail(&self) -> &dyn Mail {
        &self.nothing
    }
    fn processes(&self) -> &dyn Processes {
        &self.nothing
    }
    fn secrets(&self) -> &dyn Secrets {
        self.nothing.secrets()
    }
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}
