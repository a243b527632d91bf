//! Two processes at once: one opens the upgrade, sleeps, and wakes when another has gone on with it.

use super::{Trial, kept::Open, trial::hung_for_ever};
use crate::people::Person;
use mailsec_core::{
    Code, Failure,
    engine::{Engine, NoDesk, NoWatcher, Stop},
    journal::{Envelope, Journal, Stamp},
    upgrade::Event,
    values::UpgradeId,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One journal in several hands, as when the lock of the store did not do its work.
struct Shared(Arc<Mutex<Open>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for Shared {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        self.lock().append(upgrade, expected, stamp, events)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.lock().read(upgrade)
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        self.lock().upgrades()
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.lock().settle()
    }

    fn ready(&mut self) -> Result<(), Failure> {
        self.lock().ready()
    }
}

impl Trial {
    /// As [`Trial::process`]; when it has ended, another one goes on that read the journal before it.
    ///
    /// # Errors
    /// As [`Trial::process`].
    pub(super) fn two_processes(&mut self, person: &Person) -> Result<Stop, Failure> {
        let open = std::mem::take(&mut self.journal).open(self.host.sim_power());
        let shared = Arc::new(Mutex::new(open));
        let result = self.with_a_late_one(person, &shared);
        let open = Arc::into_inner(shared).map(Mutex::into_inner);
        if let Some(open) = open {
            self.journal = open.unwrap_or_else(PoisonError::into_inner).close();
        }
        result
    }

    fn with_a_late_one(&mut self, person: &Person, shared: &Arc<Mutex<Open>>) -> Result<Stop, Failure> {
        let (host, upgrade) = (self.host.clone(), self.upgrade);
        let (mut own, mut late) = (Shared(Arc::clone(shared)), Shared(Arc::clone(shared)));
        let count = || Shared(Arc::clone(shared)).read(upgrade).map_or(0, |envelopes| envelopes.len());
        let before = count();
        let (vendor, by) = (self.product.vendor(), (self.version, "Bob"));
        let mut watcher = NoWatcher;
        let late = Engine::open(&host, &mut late, upgrade, vendor, &NoDesk, &mut watcher, by);
        let mut late = host.drive(late).unwrap_or_else(|| Err(hung_for_ever()))?;
        let result = self.process_with(person, &mut own);
        let between = count();
        let woke = host.drive(late.run()).unwrap_or_else(|| Err(hung_for_ever()));
        let fenced = matches!(&woke, Err(failure) if failure.code == Code::JournalConflict);
        // Without power nobody goes on; and where nobody wrote anything, it is not late.
        if between > before && !fenced && !host.is_off() && count() > between {
            self.went_on = Some(format!("a late process wrote {} events: {woke:?}", count() - between));
        }
        result
    }
}
