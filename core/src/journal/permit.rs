//! The proof that an intent is durable.

use crate::values::{StepId, UpgradeId};

/// Proof that the intent to run a step is on the device.
///
/// Every port method that changes the server asks for one. For an upgrade only the journal makes them, and only after an
/// append was acknowledged, so "act first, write it down later" does not compile. Outside any upgrade, what a person was
/// shown and [agreed](Agreed) to stands in its place.
#[derive(Debug)]
pub struct Permit {
    upgrade: UpgradeId,
    step: StepId,
    seq: u64,
}

impl Permit {
    /// Called by the journal's recorder after the append that holds the intent was acknowledged.
    pub(super) fn issue(upgrade: UpgradeId, step: StepId, seq: u64) -> Self {
        Self { upgrade, step, seq }
    }

    /// The upgrade whose journal holds the intent.
    #[must_use]
    pub fn upgrade(&self) -> UpgradeId {
        self.upgrade
    }

    /// The step that was intended.
    #[must_use]
    pub fn step(&self) -> &StepId {
        &self.step
    }

    /// Sequence number of the intent in the upgrade's journal.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// For a change by hand, which belongs to no upgrade and leaves no journal: its upgrade is the nil id.
    #[must_use]
    pub fn by_hand(agreed: &Agreed) -> Self {
        Self { upgrade: UpgradeId::from_u128(0), step: StepId::new(agreed.0), seq: 0 }
    }

    /// A permit without a journal, for contract tests of ports.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn for_test(step: &str) -> Self {
        Self { upgrade: UpgradeId::from_u128(0), step: StepId::new(step), seq: 0 }
    }
}

/// That a person was shown what will be changed, and agreed.
#[derive(Debug)]
pub struct Agreed(&'static str);

impl Agreed {
    /// Shows what `deed` will change and asks: `None` when the answer is no. A permit by hand begins here, so nothing is
    /// changed by hand that nobody was asked about.
    pub fn to(deed: &'static str, changes: &str, ask: impl FnOnce(&str) -> bool) -> Option<Self> {
        ask(changes).then_some(Self(deed))
    }
}
