//! One thing that did not turn out as it should.

use crate::{
    fate::{Decision, TROUBLE},
    faults::Fault,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A decision of the tape, by its label and how often the label was met before. Counted so, a turn keeps its meaning when
/// another one is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What was undetermined.
    pub at: String,
    /// Which time, from 1.
    pub time: u64,
    /// How it turned out; 0 would be as it should.
    pub pick: usize,
    /// In words, for people; nothing depends on it.
    #[serde(default)]
    pub means: String,
}

impl Turn {
    /// Whether it is the same turn, whatever the words.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (&self.at, self.time, self.pick) == (&other.at, other.time, other.pick)
    }
}

/// Every decision that did not turn out as it should.
#[must_use]
pub fn turns(decisions: &[Decision], faults: &[Fault]) -> Vec<Turn> {
    let mut met: BTreeMap<&str, u64> = BTreeMap::new();
    let mut all = Vec::new();
    for decision in decisions {
        let time = met.entry(decision.label).or_default();
        *time += 1;
        if decision.value != 0 {
            let means = match decision.point {
                true => "a crash".to_owned(),
                false if decision.label == TROUBLE => {
                    faults.get(decision.value - 1).map(|fault| format!("{fault:?}")).unwrap_or_default()
                }
                false => format!("way {} of {}", decision.value + 1, decision.n),
            };
            let at = decision.label.to_owned();
            all.push(Turn { at, time: *time, pick: decision.value, means });
        }
    }
    all
}
