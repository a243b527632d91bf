//! Plays turns, and lets everything else go well.

use super::Turn;
use crate::tape::Tape;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Label {
    met: u64,
    picks: BTreeMap<u64, usize>,
}

/// A tape of turns.
#[derive(Debug, Default)]
pub struct Turns(BTreeMap<String, Label>);

impl Turns {
    /// Of these.
    #[must_use]
    pub fn new<'t>(turns: impl IntoIterator<Item = &'t Turn>) -> Self {
        let mut labels: BTreeMap<String, Label> = BTreeMap::new();
        for turn in turns {
            labels.entry(turn.at.clone()).or_default().picks.insert(turn.time, turn.pick);
        }
        Self(labels)
    }
}

impl Tape for Turns {
    fn choose(&mut self, label: &'static str, n: usize) -> usize {
        let Some(label) = self.0.get_mut(label) else { return 0 };
        label.met += 1;
        label.picks.get(&label.met).copied().unwrap_or(0).min(n.saturating_sub(1))
    }
}
