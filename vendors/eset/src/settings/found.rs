//! Differences on their way into a comparison: counted all, kept as many as a person can use.

use super::{
    comparison::{Content, Counts, Difference, Expect},
    limits,
    path::is_below,
};
use mailsec_core::values::Digest;
use std::collections::BTreeMap;

/// Which way something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lost,
    Changed,
    New,
}

/// Those of one kind that are kept, each with where it stands in its export.
#[derive(Debug, Default)]
struct Kept {
    list: Vec<(u64, Difference)>,
    bytes: usize,
}

/// All that was found so far.
#[derive(Debug)]
pub(super) struct Found<'a> {
    expect: &'a Expect,
    pub(super) counts: Counts,
    kept: [Kept; 3],
    reordered: Vec<String>,
}

impl<'a> Found<'a> {
    pub(super) fn new(expect: &'a Expect) -> Self {
        Self { expect, counts: Counts::default(), kept: Default::default(), reordered: Vec::new() }
    }

    fn count(&mut self, kind: Kind, path: &str, settings: u64) -> bool {
        match kind {
            Kind::Changed => self.counts.changed += settings,
            Kind::New => self.counts.newly_defaulted += settings,
            Kind::Lost => {
                self.counts.lost += settings;
                let known = self.expect.not_migrated.iter().any(|prefix| is_below(path, prefix));
                if !known {
                    self.counts.alarms += settings;
                }
                return !known;
            }
        }
        false
    }

    /// Whether another one of this kind would be kept.
    pub(super) fn has_room(&self, kind: Kind) -> bool {
        let kept = &self.kept[kind as usize];
        kept.list.len() < limits::KEPT && kept.bytes < limits::KEPT_BYTES
    }

    /// Counts a difference that is not kept.
    pub(super) fn only_count(&mut self, kind: Kind, path: &str, settings: u64) {
        self.count(kind, path, settings);
        self.counts.not_kept += 1;
    }

    /// Takes a difference in; `at` is where it stands in the export from before, of a new one in that from after.
    pub(super) fn add(&mut self, kind: Kind, at: u64, mut difference: Difference) {
        if !self.has_room(kind) {
            return self.only_count(kind, &difference.path, difference.settings);
        }
        difference.alarm = self.count(kind, &difference.path, difference.settings);
        let kept = &mut self.kept[kind as usize];
        kept.bytes += weight(&difference);
        kept.list.push((at, difference));
    }

    /// A list whose entries are the same in another order.
    pub(super) fn reordered(&mut self, path: &str) {
        if self.reordered.len() < limits::KEPT {
            self.reordered.push(path.to_owned());
        }
    }

    /// Everything in the order of the exports, with ids: lost, changed, new, and lists in another order.
    pub(super) fn finish(self) -> (Counts, [Vec<Difference>; 3], Vec<String>) {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let lists = self.kept.map(|mut kept| {
            kept.list.sort_by_key(|(at, _)| *at);
            kept.list
                .into_iter()
                .map(|(_, mut difference)| {
                    let id = id(&difference);
                    // Entries that are twice in a list can be lost twice, and are two questions.
                    let times = seen.entry(id.clone()).or_default();
                    *times += 1;
                    difference.id = if *times == 1 { id } else { format!("{id}-{times}") };
                    difference
                })
                .collect()
        });
        (self.counts, lists, self.reordered)
    }
}

/// Secrets are masked by now: an id must not be a way to guess them.
fn id(difference: &Difference) -> String {
    let content = serde_json::to_vec(&(&difference.path, &difference.before, &difference.after));
    Digest::of(&content.unwrap_or_default()).short()
}

fn weight(difference: &Difference) -> usize {
    let content = |content: &Option<Content>| {
        content.as_ref().map_or(0, |content| {
            content.value.as_ref().map_or(0, String::len)
                + content.fields.iter().map(|field| field.path.len() + field.value.len()).sum::<usize>()
        })
    };
    difference.path.len() + content(&difference.before) + content(&difference.after)
}
