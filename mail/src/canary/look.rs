//! What arrived: the canary looks into the mailbox.

use super::{Inner, now, run};
use mailsec_core::{
    Code, Failure,
    host::{AT_ONCE, Pickup},
    proof::holds_test_file,
    upgrade::Sighting,
    values::Timestamp,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

impl Inner {
    pub(super) fn look_all(self: Arc<Self>) {
        loop {
            // The last look comes after the last message.
            let goes_on = Self::rest(&self.looking, Duration::from_millis(self.config.look_ms.max(1)));
            if let Some(pickup) = &self.path.pickup {
                self.look(pickup.as_ref());
            }
            self.tell();
            if !goes_on {
                return;
            }
        }
    }

    /// Seen, written, flushed, and only then removed: a crash in between shows a message twice, which does no harm.
    fn look(&self, pickup: &dyn Pickup) {
        let begun = now();
        let arrived = match run(pickup.arrived(&self.family)) {
            Some(Ok(arrived)) => arrived,
            Some(Err(failure)) => return self.blind(begun, &failure),
            None => return self.blind(begun, &Failure::new(Code::System, "no look can be begun")),
        };
        // Of a pile, a look sees the beginning; what comes behind it may have arrived as well, and so has what could not be
        // written down.
        let mut whole = arrived.len() < AT_ONCE;
        let mut seen = Vec::new();
        for message in arrived {
            let Some((mark, n)) = self.sender_of(&message.marker) else { continue };
            let known = self.record().seen.has_arrived(mark.as_deref(), n);
            let test_file = holds_test_file(&message.raw);
            if known || self.saw(&Sighting::Arrived { n, at: now(), test_file, mark }) {
                seen.push(message.marker);
            } else {
                whole = false;
            }
        }
        let removed = self.remove(pickup, &seen);
        if let Err(failure) = &removed {
            tracing::warn!(%failure, "the canary's messages cannot be removed");
        }
        match removed {
            _ if whole => self.sees(begun),
            // It will not get smaller, so what is behind it stays hidden.
            Err(failure) => self.blind(begun, &failure),
            Ok(()) => {}
        }
    }

    fn remove(&self, pickup: &dyn Pickup, seen: &[String]) -> Result<(), Failure> {
        if seen.is_empty() {
            return Ok(());
        }
        self.record().flush()?;
        run(pickup.remove(seen)).unwrap_or(Ok(()))
    }

    /// The mark and the number; older versions had no mark.
    fn sender_of(&self, marker: &str) -> Option<(Option<String>, u64)> {
        let rest = marker.strip_prefix(&self.family)?;
        let (mark, n) = rest.rsplit_once('-').map_or((None, rest), |(mark, n)| (Some(mark.to_owned()), n));
        Some((mark, n.parse().ok()?))
    }

    fn sees(&self, at: Timestamp) {
        let tells = {
            let seen = &self.record().seen;
            seen.is_blind() || seen.awaits(self.silence())
        };
        if tells {
            self.saw(&Sighting::Looked { at, failed: None });
        }
    }

    /// Nothing is known of what arrived: said once, and no message is lost by it.
    fn blind(&self, at: Timestamp, failure: &Failure) {
        tracing::warn!(%failure, "the canary's mailbox cannot be looked into");
        if !self.record().seen.is_blind() {
            self.saw(&Sighting::Looked { at, failed: Some(failure.message.clone()) });
        }
        if !self.told_blind.swap(true, Ordering::Relaxed) {
            (self.alarm)(&format!(
                "canary: the mailbox cannot be looked into, so whether mail arrives is not known: {failure}"
            ));
        }
    }
}
