//! A journal in memory, for simulations and tests.

use super::{Envelope, Journal, Line, Lines, MAX_ENVELOPE_BYTES, Stamp, chain};
use crate::{
    failure::{Code, Failure},
    journal::bundle::Adopted,
    journal::chain::Tip,
    planted::planted,
    upgrade::Event,
    values::{Digest, UpgradeId},
};
use std::{collections::BTreeMap, sync::Arc};

/// A journal in memory with the contract of the one on disk. A clone is a snapshot: it shares what was written so
/// far, and neither sees what the other writes afterwards.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    upgrades: BTreeMap<UpgradeId, Arc<Vec<Entry>>>,
    typed: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    envelope: Arc<Envelope>,
    /// None in a journal without codec.
    line: Option<Arc<Line>>,
}

impl MemoryJournal {
    /// An empty journal that seals every envelope as the one on disk does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty journal that keeps events as they are, without JSON and without hashes (`prev` is always zero), for
    /// searches that run millions of upgrades. It has no lines to export.
    #[must_use]
    pub fn without_codec() -> Self {
        Self { upgrades: BTreeMap::new(), typed: true }
    }

    /// Keeps only the first envelopes of an upgrade: what a crash leaves of an append that was not acknowledged.
    pub fn keep_first(&mut self, upgrade: UpgradeId, count: u64) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count == 0 {
            self.upgrades.remove(&upgrade);
        } else if let Some(entries) = self.upgrades.get_mut(&upgrade) {
            Arc::make_mut(entries).truncate(count);
        }
    }

    /// Envelopes of an upgrade.
    #[must_use]
    pub fn count(&self, upgrade: UpgradeId) -> u64 {
        self.upgrades.get(&upgrade).map_or(0, |entries| entries.len() as u64)
    }

    fn check(&self, upgrade: UpgradeId, expected: u64) -> Result<Digest, Failure> {
        let found = self.count(upgrade);
        if found != expected && !planted!(SequenceNotChecked) {
            return Err(chain::conflict(upgrade, expected, found));
        }
        let Some(entries) = self.upgrades.get(&upgrade) else { return Ok(Digest::ZERO) };
        // An entry that this process made is of this version; only one that was adopted can be newer.
        if let Some(entry) = entries.iter().find(|entry| {
            entry.envelope.event.known().is_none() || entry.envelope.format > super::Format::CURRENT
        }) && let Some(line) = &entry.line
        {
            chain::writable(std::slice::from_ref(line))?;
        }
        Ok(entries.last().and_then(|entry| entry.line.as_ref()).map_or(Digest::ZERO, |line| line.hash()))
    }

    fn push(&mut self, upgrade: UpgradeId, entries: impl IntoIterator<Item = Entry>) {
        Arc::make_mut(self.upgrades.entry(upgrade).or_default()).extend(entries);
    }
}

impl Journal for MemoryJournal {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        let prev = self.check(upgrade, expected)?;
        if events.is_empty() {
            return Ok(Vec::new());
        }
        if self.typed {
            let envelopes = Envelope::wrap(upgrade, expected, stamp, events);
            self.push(upgrade, envelopes.iter().map(|e| Entry { envelope: Arc::new(e.clone()), line: None }));
            return Ok(envelopes);
        }
        let sealed = Envelope::seal(upgrade, expected, prev, stamp, events)?;
        self.push(
            upgrade,
            sealed.iter().map(|(envelope, line)| Entry {
                envelope: Arc::new(envelope.clone()),
                line: Some(Arc::new(line.clone())),
            }),
        );
        Ok(sealed.into_iter().map(|(envelope, _)| envelope).collect())
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        let entries = self.upgrades.get(&upgrade).ok_or_else(|| chain::not_found(upgrade))?;
        Ok(entries.iter().map(|entry| Envelope::clone(&entry.envelope)).collect())
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        Ok(self.upgrades.keys().copied().collect())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl Lines for MemoryJournal {
    fn lines(&self, upgrade: UpgradeId) -> Result<Vec<Line>, Failure> {
        let entries = self.upgrades.get(&upgrade).ok_or_else(|| chain::not_found(upgrade))?;
        let line = |entry: &Entry| entry.line.as_deref().cloned();
        entries.iter().map(line).collect::<Option<Vec<Line>>>().ok_or_else(|| {
            Failure::new(Code::BadArgument, "a journal without codec has no lines").expected(format!(
                "a journal that seals its envelopes (at most {MAX_ENVELOPE_BYTES} bytes each)"
            ))
        })
    }

    fn adopt(&mut self, upgrade: UpgradeId, lines: &[Line]) -> Result<Adopted, Failure> {
        let present = if self.upgrades.contains_key(&upgrade) { self.lines(upgrade)? } else { Vec::new() };
        let adopted = Adopted::compare(upgrade, &present, lines)?;
        let from = usize::try_from(Tip::of(&present).count).unwrap_or(usize::MAX);
        let mut fresh = Vec::new();
        for line in lines.iter().skip(from) {
            fresh.push(Entry { envelope: Arc::new(line.envelope()?), line: Some(Arc::new(line.clone())) });
        }
        if !fresh.is_empty() {
            self.push(upgrade, fresh);
        }
        Ok(adopted)
    }
}
