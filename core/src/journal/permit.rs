//! The proof that an intent is durable.

use crate::values::{StepId, UpgradeId};

/// Proof that the intent to run a step is on the device.
///
/// Every port method that changes the server asks for one. Only the journal makes them, and only after an append
/// was acknowledged, so "act first, write it down later" does not compile.
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

    /// A permit without a journal, for contract tests of ports.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn for_test(step: &str) -> Self {
        Self { upgrade: UpgradeId::from_u128(0), step: StepId::new(step), seq: 0 }
    }
}
