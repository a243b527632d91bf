//! A journal that shares the simulated server's power: before and after each append lies a crash point.

use crate::SimPower;
use mailsec_core::{
    Failure,
    journal::{Envelope, Journal, Stamp},
    upgrade::Event,
    values::UpgradeId,
};

/// Wraps any journal.
#[derive(Debug)]
pub struct PoweredJournal<J> {
    inner: J,
    power: SimPower,
}

impl<J> PoweredJournal<J> {
    /// A journal on a server with this power.
    pub fn new(inner: J, power: SimPower) -> Self {
        Self { inner, power }
    }

    /// The journal itself, which survives the power.
    pub fn into_inner(self) -> J {
        self.inner
    }
}

impl<J: Journal> Journal for PoweredJournal<J> {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        self.power.point("journal: before append")?;
        // A batch is one write, but a crash may leave any prefix of it.
        let Self { inner, power } = self;
        for torn in 1..events.len() {
            power.point_leaving("journal: torn append", || {
                inner.append(upgrade, expected, stamp, &events[..torn]).map(|_| ())
            })?;
        }
        let envelopes = self.inner.append(upgrade, expected, stamp, events)?;
        self.power.point("journal: after append")?;
        Ok(envelopes)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.inner.read(upgrade)
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        self.inner.upgrades()
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.inner.settle()
    }

    fn ready(&mut self) -> Result<(), Failure> {
        self.inner.ready()
    }
}
