//! The mail-safety ledger: how long mail was held, down, or unscanned, folded from events.

use crate::{
    plan::{Flow, MailBudget, MailState},
    values::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Milliseconds in each state that is not good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailTotals {
    /// Held on purpose.
    pub held_ms: u64,
    /// Not running, or restarting.
    pub down_ms: u64,
    /// Flowing unscanned.
    pub unscanned_ms: u64,
    /// Of all of these, milliseconds that nobody saw and the worst was assumed for.
    pub assumed_ms: u64,
}

impl MailTotals {
    /// Whether the budget still covers it.
    #[must_use]
    pub fn within(&self, budget: &MailBudget) -> bool {
        self.held_ms + self.down_ms <= budget.stopped_secs.saturating_mul(1000)
            && self.unscanned_ms <= budget.unscanned_secs.saturating_mul(1000)
    }
}

/// One change of mail's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailChange {
    /// When.
    pub at: Timestamp,
    /// To what.
    pub mail: MailState,
    /// Whether it was seen, or is the worst case.
    pub seen: bool,
}

/// The fold of all changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    changes: Vec<MailChange>,
    totals: MailTotals,
}

impl Ledger {
    /// Takes in a change. A change dated before the last one counts from the last one on: time already told is not
    /// told again, even when the clock went back.
    pub(crate) fn change(&mut self, at: Timestamp, mail: MailState, seen: bool) {
        let at = self.changes.last().map_or(at, |last| at.max(last.at));
        self.totals = self.totals_at(at);
        self.changes.push(MailChange { at, mail, seen });
    }

    /// The present state.
    #[must_use]
    pub fn now(&self) -> Option<MailState> {
        self.changes.last().map(|change| change.mail)
    }

    /// Whether somebody saw the present state; else it is the worst case.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.changes.last().is_none_or(|change| change.seen)
    }

    /// Every change, in order.
    #[must_use]
    pub fn changes(&self) -> &[MailChange] {
        &self.changes
    }

    /// The totals up to a moment, the running state included.
    #[must_use]
    pub fn totals_at(&self, at: Timestamp) -> MailTotals {
        let mut totals = self.totals;
        let Some(last) = self.changes.last() else { return totals };
        let ms = u64::try_from(at.since(last.at).as_millis()).unwrap_or(u64::MAX);
        let bucket = match (last.mail.flow, last.mail.scanned) {
            (Flow::Held, _) => &mut totals.held_ms,
            (Flow::Down, _) => &mut totals.down_ms,
            (Flow::Flowing, false) => &mut totals.unscanned_ms,
            (Flow::Flowing, true) => return totals,
        };
        *bucket += ms;
        if !last.seen {
            totals.assumed_ms += ms;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_state() -> impl Strategy<Value = MailState> {
        prop_oneof![
            Just(MailState::GOOD),
            Just(MailState::HELD),
            Just(MailState::DOWN),
            Just(MailState::UNSCANNED)
        ]
    }

    proptest! {
        /// Whatever the order of changes and however the clock jumps, no millisecond is counted twice.
        #[test]
        fn the_buckets_never_exceed_the_time_that_passed(
            changes in prop::collection::vec((0i64..100_000, any_state(), any::<bool>()), 1..40)
        ) {
            let mut ledger = Ledger::default();
            for (at, mail, seen) in &changes {
                ledger.change(Timestamp::from_millis(*at), *mail, *seen);
            }
            let end = Timestamp::from_millis(200_000);
            let totals = ledger.totals_at(end);
            let span = u64::try_from(end.since(Timestamp::from_millis(changes[0].0)).as_millis()).unwrap();
            prop_assert!(totals.held_ms + totals.down_ms + totals.unscanned_ms <= span);
            prop_assert!(totals.assumed_ms <= totals.held_ms + totals.down_ms + totals.unscanned_ms);
        }
    }

    #[test]
    fn each_state_fills_its_own_bucket() {
        let mut ledger = Ledger::default();
        let at = Timestamp::from_millis;
        ledger.change(at(0), MailState::GOOD, true);
        ledger.change(at(1_000), MailState::DOWN, true);
        ledger.change(at(3_000), MailState::UNSCANNED, true);
        ledger.change(at(6_000), MailState::HELD, false);
        ledger.change(at(10_000), MailState::GOOD, true);
        let totals = ledger.totals_at(at(99_000));
        assert_eq!(
            totals,
            MailTotals { held_ms: 4_000, down_ms: 2_000, unscanned_ms: 3_000, assumed_ms: 4_000 }
        );
        assert!(totals.within(&MailBudget { stopped_secs: 6, unscanned_secs: 3 }));
        assert!(!totals.within(&MailBudget { stopped_secs: 5, unscanned_secs: 3 }));
    }
}
