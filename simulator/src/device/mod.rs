//! A journal on a simulated device: the bytes of the shipped witness, of which a crash keeps what the tape says.
//!
//! Sealing, chain and recovery are core's own; only the file, its cache and its device are simulated. The list of
//! upgrades beside the witnesses is kept as the shipped store has it after a power cut: it knows of every upgrade, and
//! how far it was acknowledged when it was settled last.

mod tail;

pub use tail::{CUT_AT, KEPT};

use crate::{SimPower, fate::Fate};
use mailsec_core::{
    Code, Failure,
    journal::{
        Adopted, Damage, Envelope, Journal, Line, Lines, Recovered, Stamp, Tip, conflict, not_found, recover,
    },
    upgrade::Event,
    values::UpgradeId,
};
use std::collections::BTreeMap;

/// How a write and its flush turn out: they work, the disk is full, the device refuses.
pub const OUTCOME: &str = "journal: the write and its flush";
/// The crash point between the write and the end of its flush.
pub const UNFLUSHED: &str = "journal: written, not flushed";

/// A journal on a simulated device. What was acknowledged survives; a process that was interrupted is followed by one
/// that [opens](Self::open) it anew.
#[derive(Clone, Debug, Default)]
pub struct DeviceJournal {
    witnesses: BTreeMap<UpgradeId, Witness>,
    power: Option<SimPower>,
    /// After a device that refused, nothing more is written until it is opened anew.
    broken: Option<Failure>,
}

/// One upgrade's file, and what the process that has it open read of it.
#[derive(Clone, Debug)]
struct Witness {
    /// What the device has.
    bytes: Vec<u8>,
    /// How far the list of upgrades on the device says that it was acknowledged.
    listed: Option<Tip>,
    read: Result<Read, Damage>,
}

#[derive(Clone, Debug)]
struct Read {
    recovered: Recovered,
    envelopes: Result<Vec<Envelope>, Failure>,
    newer: Option<Failure>,
}

impl DeviceJournal {
    /// An empty device, where everything goes well until it is [opened](Self::open) on a server.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A process on a server with this power opens it: every witness is read anew, and what a crash cut off is cut
    /// away.
    #[must_use]
    pub fn open(mut self, power: SimPower) -> Self {
        self.power = Some(power);
        self.broken = None;
        self.witnesses.retain(|upgrade, witness| {
            let known = witness.read.as_ref().map_or(&[][..], |read| &read.recovered.lines);
            *witness = Witness::open(*upgrade, std::mem::take(&mut witness.bytes), witness.listed, known);
            !witness.is_empty()
        });
        self
    }

    /// The bytes of an upgrade's witness, as the device has them.
    #[must_use]
    pub fn bytes(&self, upgrade: UpgradeId) -> &[u8] {
        self.witnesses.get(&upgrade).map_or(&[], |witness| &witness.bytes)
    }

    /// Changes the bytes behind the journal's back, as a device does that lies. The next opening meets them.
    pub fn spoil(&mut self, upgrade: UpgradeId, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(witness) = self.witnesses.get_mut(&upgrade) {
            change(&mut witness.bytes);
        }
    }

    fn point(&self, label: &'static str) -> Result<(), Failure> {
        self.power.as_ref().map_or(Ok(()), |power| power.point(label))
    }

    fn read(&self, upgrade: UpgradeId) -> Result<&Read, Failure> {
        let witness = self.witnesses.get(&upgrade).ok_or_else(|| not_found(upgrade))?;
        witness.read.as_ref().map_err(Damage::failure)
    }

    /// Where an upgrade's chain ends, when this process may write behind it.
    fn tip(&self, upgrade: UpgradeId) -> Result<Tip, Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        match self.read(upgrade) {
            Ok(read) => read.newer.clone().map_or(Ok(Tip::of(&read.recovered.lines)), Err),
            Err(failure) if failure.code == Code::UpgradeNotFound => Ok(Tip::EMPTY),
            Err(failure) => Err(failure),
        }
    }

    /// Writes lines and waits for the device, as far as the tape lets it.
    fn write(&mut self, upgrade: UpgradeId, lines: Vec<Line>, envelopes: &[Envelope]) -> Result<(), Failure> {
        let mut pending = Vec::with_capacity(lines.iter().map(Line::text_len).sum());
        lines.iter().for_each(|line| line.write_to(&mut pending));

        let Self { witnesses, power, broken } = self;
        let witness =
            witnesses.entry(upgrade).or_insert_with(|| Witness::open(upgrade, Vec::new(), None, &[]));
        if let Some(power) = power {
            let mut interrupted = |fate: &mut Fate| {
                witness.bytes.extend(tail::kept(fate, &pending));
            };
            match power.decide(|fate| fate.choose(OUTCOME, 3)) {
                0 => {}
                1 => {
                    return Err(Failure::new(Code::DiskFull, "the journal cannot be written")
                        .hint("free some space on this volume")
                        .ask());
                }
                _ => {
                    power.decide(interrupted);
                    let failure = Failure::new(Code::JournalUnwritable, "the journal cannot be written")
                        .cause("the device refused a flush");
                    *broken = Some(failure.clone());
                    return Err(failure);
                }
            }
            power.point_deciding(UNFLUSHED, |fate| {
                interrupted(fate);
                Ok(())
            })?;
        }
        witness.bytes.extend(pending);
        witness.take(lines, envelopes);
        self.point("journal: after append")
    }
}

impl Witness {
    fn open(upgrade: UpgradeId, bytes: Vec<u8>, listed: Option<Tip>, known: &[Line]) -> Self {
        match recover(upgrade, &bytes, listed, known) {
            Ok(recovered) => {
                let bytes = if recovered.torn { recovered.text() } else { bytes };
                let listed = listed.or_else(|| recovered.lines.last().map(|_| Tip::of(&recovered.lines)));
                let envelopes = recovered.envelopes();
                let newer = recovered.writable().err();
                Self { bytes, listed, read: Ok(Read { recovered, envelopes, newer }) }
            }
            Err(damage) => Self { bytes, listed, read: Err(damage) },
        }
    }

    /// Whether there is no such upgrade: nothing of it was ever acknowledged.
    fn is_empty(&self) -> bool {
        self.listed.is_none() && self.read.as_ref().is_ok_and(|read| read.recovered.lines.is_empty())
    }

    /// Lines are on the device. A new upgrade is on the list before anybody hears of it.
    fn take(&mut self, lines: Vec<Line>, fresh: &[Envelope]) {
        if let Ok(read) = &mut self.read {
            read.recovered.lines.extend(lines);
            if let Ok(envelopes) = &mut read.envelopes {
                envelopes.extend_from_slice(fresh);
            }
            self.listed.get_or_insert(Tip::of(&read.recovered.lines));
        }
    }
}

impl Journal for DeviceJournal {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        self.point("journal: before append")?;
        let tip = self.tip(upgrade)?;
        if tip.count != expected {
            return Err(conflict(upgrade, expected, tip.count));
        }
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let sealed = Envelope::seal(upgrade, tip.count, tip.hash, stamp, events)?;
        let (envelopes, lines): (Vec<_>, Vec<_>) = sealed.into_iter().unzip();
        self.write(upgrade, lines, &envelopes)?;
        Ok(envelopes)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.read(upgrade)?.envelopes.clone()
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        Ok(self.witnesses.iter().filter(|(_, witness)| !witness.is_empty()).map(|(id, _)| *id).collect())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        for witness in self.witnesses.values_mut() {
            if let Ok(read) = &witness.read {
                witness.listed = Some(Tip::of(&read.recovered.lines)).filter(|tip| *tip != Tip::EMPTY);
            }
        }
        Ok(())
    }
}

impl Lines for DeviceJournal {
    fn lines(&self, upgrade: UpgradeId) -> Result<Vec<Line>, Failure> {
        Ok(self.read(upgrade)?.recovered.lines.clone())
    }

    fn adopt(&mut self, upgrade: UpgradeId, lines: &[Line]) -> Result<Adopted, Failure> {
        let present = match self.tip(upgrade)? {
            Tip::EMPTY => Vec::new(),
            _ => self.lines(upgrade)?,
        };
        let adopted = Adopted::compare(upgrade, &present, lines)?;
        let fresh = lines.get(present.len()..).unwrap_or_default();
        if !fresh.is_empty() {
            let envelopes = fresh.iter().map(Line::envelope).collect::<Result<Vec<_>, _>>()?;
            self.write(upgrade, fresh.to_vec(), &envelopes)?;
        }
        Ok(adopted)
    }
}
