//! A run as one number: the same seed gives the same one, on every machine and system.

use super::Played;
use mailsec_core::values::Digest;

/// Over everything that was decided, every event with its time, and the server at the end.
#[must_use]
pub fn trace(played: &Played) -> Digest {
    let mut bytes = Vec::with_capacity(1 << 18);
    for decision in played.trial.host.decisions() {
        bytes.extend_from_slice(decision.label.as_bytes());
        for number in [decision.n, decision.value] {
            bytes.extend_from_slice(&u64::try_from(number).unwrap_or(u64::MAX).to_le_bytes());
        }
    }
    let mut take = |json: serde_json::Result<Vec<u8>>| bytes.extend(json.unwrap_or_default());
    for envelope in played.trial.envelopes() {
        take(serde_json::to_vec(&envelope));
    }
    played.trial.host.look(|world| take(serde_json::to_vec(world)));
    Digest::of(&bytes)
}
