//! The few turns of a failing run that it takes: what is not needed for the same rule to be broken is left out.

use super::{Scenario, Turn, turns};
use crate::{
    fate::TROUBLE,
    faults::Fault,
    swarm::{Arena, Rule, Seed},
};

/// Runs that shrinking may take.
const RUNS: usize = 600;

/// The smallest scenario found that breaks the first rule that the seed's run broke. None when nothing was wrong.
#[must_use]
pub fn shrink(arena: &Arena, seed: &Seed) -> Option<Scenario> {
    let rule = seed.wrong.first()?.rule;
    let all = turns(&seed.played.trial.host.decisions(), &seed.troubles);
    let mut search = Search { arena, faults: &seed.troubles, rule, left: RUNS };
    let mut kept = all;
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < kept.len() {
            let to = (from + size).min(kept.len());
            let without: Vec<Turn> = kept[..from].iter().chain(&kept[to..]).cloned().collect();
            if search.breaks(&without) {
                kept = without;
            } else {
                from = to;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    let (faults, kept) = only_used(&seed.troubles, kept);
    Some(Scenario::of(arena, Some(seed.seed), faults, kept))
}

struct Search<'a> {
    arena: &'a Arena,
    faults: &'a [Fault],
    rule: Rule,
    left: usize,
}

impl Search<'_> {
    fn breaks(&mut self, turns: &[Turn]) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let scenario = Scenario::of(self.arena, None, self.faults.to_vec(), turns.to_vec());
        scenario.wrong.iter().any(|wrong| wrong.rule == self.rule)
    }
}

/// Faults that no turn picks are left out; how many ways there are to turn out matters to no tape of turns.
fn only_used(faults: &[Fault], mut turns: Vec<Turn>) -> (Vec<Fault>, Vec<Turn>) {
    let mut used: Vec<usize> = turns.iter().filter(|t| t.at == TROUBLE).map(|t| t.pick).collect();
    used.sort_unstable();
    used.dedup();
    for turn in turns.iter_mut().filter(|turn| turn.at == TROUBLE) {
        turn.pick = used.iter().position(|pick| *pick == turn.pick).map_or(0, |place| place + 1);
    }
    (used.iter().filter_map(|pick| faults.get(pick.checked_sub(1)?)).cloned().collect(), turns)
}
