//! Mail that arrives, and what becomes of it.

use mailsec_core::proof::Letter;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a sender keeps a message that is not taken, before it goes back to its author, in milliseconds: two days.
/// An assumption, and a careful one: <https://www.rfc-editor.org/rfc/rfc5321#section-4.5.4.1> asks for four to five.
pub const KEPT_MS: i64 = 2 * 24 * 60 * 60_000;

/// How the server meets mail now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailGate {
    /// Transport does not accept mail: senders keep it.
    #[default]
    Closed,
    /// Accepted, and every agent of the product sees it.
    Scanned,
    /// Accepted, and at least one agent of the product does not see it.
    Unscanned,
    /// Answered with 5xx: senders give up.
    Refusing,
}

/// One message each `interval_ms`, and the account of all of them.
///
/// Always: `arrived = delivered_scanned + delivered_unscanned + waiting + refused + lost`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailModel {
    /// Time between two messages.
    pub interval_ms: i64,
    /// When the next one arrives, in milliseconds since 1970.
    pub next_ms: i64,
    /// The agents without which mail counts as unscanned.
    pub scanners: Vec<String>,
    /// How mail is met now.
    pub gate: MailGate,
    /// Messages that came.
    pub arrived: u64,
    /// Delivered, and seen by all scanners.
    pub delivered_scanned: u64,
    /// Delivered, and not seen by all scanners.
    pub delivered_unscanned: u64,
    /// Kept by their senders, who try again.
    pub waiting: u64,
    /// Given up by their senders.
    pub refused: u64,
    /// Given back by their senders, who had kept them for [`KEPT_MS`] in vain.
    pub lost: u64,
    /// In the poison queue; these count as delivered.
    pub poison: u64,
    /// Milliseconds in which transport did not accept mail.
    pub closed_ms: u64,
    /// Milliseconds in which mail was accepted and not scanned.
    pub unscanned_ms: u64,
    /// Probes in the mailbox, by marker, as they were delivered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mailbox: BTreeMap<String, Letter>,
}

impl MailModel {
    /// A message each `interval_ms` from `start_ms` on; the first one comes after one interval.
    #[must_use]
    pub fn new(interval_ms: i64, start_ms: i64) -> Self {
        let interval_ms = interval_ms.max(1);
        Self {
            interval_ms,
            next_ms: start_ms + interval_ms,
            scanners: Vec::new(),
            gate: MailGate::Closed,
            arrived: 0,
            delivered_scanned: 0,
            delivered_unscanned: 0,
            waiting: 0,
            refused: 0,
            lost: 0,
            poison: 0,
            closed_ms: 0,
            unscanned_ms: 0,
            mailbox: BTreeMap::new(),
        }
    }

    /// Messages of the time from `from_ms` (not included) to `to_ms`, at once and not one by one.
    pub(crate) fn pass(&mut self, from_ms: i64, to_ms: i64) {
        let span = u64::try_from(to_ms - from_ms).unwrap_or(0);
        match self.gate {
            MailGate::Closed => self.closed_ms += span,
            MailGate::Unscanned => self.unscanned_ms += span,
            MailGate::Scanned | MailGate::Refusing => {}
        }
        if self.next_ms <= to_ms {
            let count = (to_ms - self.next_ms) / self.interval_ms + 1;
            self.next_ms += count * self.interval_ms;
            self.take(u64::try_from(count).unwrap_or(0));
        }
        if self.waiting > 0 {
            self.give_back(to_ms);
        }
    }

    /// Senders do not keep what has waited for too long. What waits came one each interval, up to the present.
    fn give_back(&mut self, now_ms: i64) {
        let young = (self.next_ms - now_ms + KEPT_MS - 1) / self.interval_ms;
        let kept = self.waiting.min(u64::try_from(young).unwrap_or(0));
        self.lost += self.waiting - kept;
        self.waiting = kept;
    }

    /// Messages come.
    pub(crate) fn take(&mut self, count: u64) {
        self.arrived += count;
        match self.gate {
            MailGate::Closed => self.waiting += count,
            MailGate::Scanned => self.delivered_scanned += count,
            MailGate::Unscanned => self.delivered_unscanned += count,
            MailGate::Refusing => self.refused += count,
        }
    }

    /// From now on mail is met so. What waited is tried again at once.
    pub(crate) fn set_gate(&mut self, gate: MailGate) {
        if gate == self.gate {
            return;
        }
        self.gate = gate;
        if gate != MailGate::Closed {
            let waiting = std::mem::take(&mut self.waiting);
            self.arrived -= waiting;
            self.take(waiting);
        }
    }

    /// Whether every message is accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.arrived
            == self.delivered_scanned + self.delivered_unscanned + self.waiting + self.refused + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_keep_mail_for_two_days_and_no_longer() {
        let mut mail = MailModel::new(2_000, 0);
        mail.pass(0, KEPT_MS + 1_999);
        assert_eq!((mail.waiting, mail.lost), (86_400, 0));
        mail.pass(KEPT_MS + 1_999, KEPT_MS + 6_000);
        // Those of the seconds 2, 4 and 6 have waited for two days now; as many came since.
        assert_eq!((mail.waiting, mail.lost), (86_400, 3));
        mail.set_gate(MailGate::Scanned);
        assert_eq!((mail.waiting, mail.delivered_scanned, mail.lost), (0, 86_400, 3));
        assert!(mail.adds_up());
    }
}
