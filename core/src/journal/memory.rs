//! temporary
use super::{Envelope, Journal, Stamp};
use crate::{failure::{Code, Failure}, upgrade::Event, values::{Digest, UpgradeId}};
use std::collections::BTreeMap;
/// temporary
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal { upgrades: BTreeMap<UpgradeId, Vec<(Envelope, Vec<u8>)>> }
impl MemoryJournal { /// x
 pub fn new() -> Self { Self::default() } }
impl Journal for MemoryJournal {
    fn append(&mut self, upgrade: UpgradeId, expected: u64, stamp: &Stamp, events: &[Event]) -> Result<Vec<Envelope>, Failure> {
        let list = self.upgrades.entry(upgrade).or_default();
        assert_eq!(list.len() as u64, expected);
        let prev = list.last().map_or(Digest::ZERO, |(_, l)| Digest::of(l));
        let sealed = Envelope::seal(upgrade, expected, prev, stamp, events)?;
        list.extend(sealed.iter().cloned());
        Ok(sealed.into_iter().map(|(e, _)| e).collect())
    }
    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.upgrades.get(&upgrade).map(|l| l.iter().map(|(e, _)| e.clone()).collect()).ok_or_else(|| Failure::new(Code::UpgradeNotFound, "no"))
    }
    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> { Ok(self.upgrades.keys().copied().collect()) }
    fn settle(&mut self) -> Result<(), Failure> { Ok(()) }
}
