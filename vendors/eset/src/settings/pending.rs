//! Children of one element that wait for their match on the other side.
//!
//! A content or a name as a number, and the offset in the file: that is all that is kept of them.

use super::sum::{Sum, hash};
use std::collections::BTreeMap;

/// Ordered by what is looked for, then by where it is. Offsets fit, because files are limited to 1 GiB.
type Waiting<T> = BTreeMap<(u64, u32), T>;

/// Which export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

/// What waits on both sides.
#[derive(Debug, Default)]
pub(super) struct Pending {
    entries: [Waiting<()>; 2],
    named: [Waiting<Sum>; 2],
    /// All entries of a side in their order, as one number.
    order: [u64; 2],
}

fn take<T>(from: &mut Waiting<T>, key: u64) -> Option<(u32, T)> {
    let (first, _) = from.range((key, 0)..=(key, u32::MAX)).next()?;
    let first = *first;
    from.remove(&first).map(|value| (first.1, value))
}

fn offset(at: u64) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Pending {
    /// Notes an entry's place among the others of its side.
    pub(super) fn note(&mut self, side: Side, content: u64) {
        let order = &mut self.order[side as usize];
        *order = hash((*order, content));
    }

    /// Whether the entries of both sides, if they are the same, stand in the same order.
    pub(super) fn in_order(&self) -> bool {
        self.order[0] == self.order[1]
    }

    /// An entry of a list, by its content; whether it met its match.
    pub(super) fn entry(&mut self, side: Side, content: u64, at: u64) -> bool {
        if take(&mut self.entries[side.other() as usize], content).is_some() {
            return true;
        }
        self.entries[side as usize].insert((content, offset(at)), ());
        false
    }

    /// Whether something of that name waits on a side.
    pub(super) fn waits(&self, side: Side, name: u64) -> bool {
        self.named[side as usize].range((name, 0)..=(name, u32::MAX)).next().is_some()
    }

    /// Something with a name; its match with offset and content, when that waited.
    pub(super) fn named(&mut self, side: Side, name: u64, sum: Sum, at: u64) -> Option<(u64, Sum)> {
        if let Some((at, sum)) = take(&mut self.named[side.other() as usize], name) {
            return Some((u64::from(at), sum));
        }
        self.named[side as usize].insert((name, offset(at)), sum);
        None
    }

    /// Entries that met no match, with their offsets in order.
    pub(super) fn take_entries(&mut self, side: Side) -> Vec<u64> {
        in_order(std::mem::take(&mut self.entries[side as usize]))
    }

    /// Whatever has a name and met no match, in that order too.
    pub(super) fn take_named(&mut self, side: Side) -> Vec<u64> {
        in_order(std::mem::take(&mut self.named[side as usize]))
    }
}

fn in_order<T>(waiting: Waiting<T>) -> Vec<u64> {
    let mut offsets: Vec<u64> = waiting.into_keys().map(|(_, at)| u64::from(at)).collect();
    offsets.sort_unstable();
    offsets
}
