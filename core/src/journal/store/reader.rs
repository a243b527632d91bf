//! Reading the witnesses while another process writes: no lock, no sled, nothing changed.

use super::{
    known::{self, Record},
    lock::{Holder, Lock},
    repair::unwritable,
    witness::{self, Tail},
};
use crate::{
    failure::{Code, Failure},
    journal::{Bundle, Damage, Envelope, Line, MAX_ENVELOPE_BYTES, Tip, chain},
    values::UpgradeId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Reads the witnesses of a store.
#[derive(Clone, Debug)]
pub struct WitnessReader {
    dir: PathBuf,
}

/// How a witness stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum WitnessState {
    /// One chain to its end.
    Whole,
    /// One chain and the beginning of a write: one that is just happening, or that a crash cut off.
    TornTail {
        /// Bytes of it.
        bytes: u64,
    },
    /// Envelopes are missing or changed. The store's other copy may have them; opening the store mends it.
    Damaged(Damage),
}

/// What a witness holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    /// The envelopes up to the damage, or all.
    pub envelopes: Vec<Envelope>,
    /// Their lines.
    pub lines: Vec<Line>,
    /// What stands behind them.
    pub state: WitnessState,
}

/// One upgrade's first and last envelope, for a list. The chain between them is not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// Which upgrade.
    pub upgrade: UpgradeId,
    /// Its first envelope, when it can be read.
    pub first: Option<Envelope>,
    /// Its last whole envelope, when it can be read.
    pub last: Option<Envelope>,
}

impl WitnessReader {
    /// For a store's folder, which need not exist.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Who holds the store, or held it last.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        Lock::holder(&self.dir)
    }

    /// Whether a process holds the store now, so that [`holder`](Self::holder) is that one; `None` where that cannot be told.
    #[must_use]
    pub fn is_held(&self) -> Option<bool> {
        Lock::is_held(&self.dir)
    }

    fn records(&self) -> Result<BTreeMap<UpgradeId, Record>, Failure> {
        let loaded = known::load(&self.dir).map_err(|error| unreadable(&self.dir, error))?;
        Ok(loaded.records.into_iter().collect())
    }

    /// The upgrades, oldest first, those whose witness is lost among them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        let mut all: BTreeSet<UpgradeId> = self.records()?.into_keys().collect();
        all.extend(witness::list(&self.dir).map_err(|error| unreadable(&self.dir, error))?);
        Ok(all.into_iter().collect())
    }

    /// Everything of one upgrade, verified.
    ///
    /// # Errors
    /// [`Code::UpgradeNotFound`], [`Code::JournalNewer`] for an envelope that this version cannot read, or when the
    /// file cannot be read. Damage is no error here: what is good is returned.
    pub fn read(&self, upgrade: UpgradeId) -> Result<Witnessed, Failure> {
        // The list first: the writer writes the witness first, so what the list promises must be there.
        let record = self.records()?.get(&upgrade).copied();
        self.read_against(upgrade, record)
    }

    fn read_against(&self, upgrade: UpgradeId, record: Option<Record>) -> Result<Witnessed, Failure> {
        let scan = witness::load(&self.dir, upgrade).map_err(|error| unreadable(&self.dir, error))?;
        if record.is_none() && scan.lines.is_empty() {
            return Err(chain::not_found(upgrade));
        }
        let promised = scan.promised().max(record.map_or(0, |record| record.tip.count));
        let agrees = record.is_none_or(|record| record.is_in(&scan.lines));
        let state = if scan.tail == Tail::Damaged || !agrees {
            let why = if scan.exists { "the witness is damaged" } else { "the witness is lost" };
            WitnessState::Damaged(Damage::after(upgrade, &scan.lines, promised, why))
        } else if scan.tail == Tail::Torn {
            WitnessState::TornTail { bytes: scan.bytes - scan.good_bytes }
        } else {
            WitnessState::Whole
        };
        let envelopes = chain::envelopes(&scan.lines)?;
        Ok(Witnessed { envelopes, lines: scan.lines, state })
    }

    /// Bytes of an upgrade's witness and when it was written last: whether it is worth reading again.
    #[must_use]
    pub fn written(&self, upgrade: UpgradeId) -> Option<(u64, SystemTime)> {
        let found = std::fs::metadata(witness::path(&self.dir, upgrade)).ok()?;
        Some((found.len(), found.modified().ok()?))
    }

    /// First and last envelope of one upgrade: two short reads, whatever its length.
    #[must_use]
    pub fn brief(&self, upgrade: UpgradeId) -> Brief {
        let first = self.one(upgrade, first_line);
        Brief { upgrade, first, last: self.last(upgrade) }
    }

    /// The last whole envelope of one upgrade, when it can be read: one short read. The first, which has the plan, costs
    /// several times as much.
    #[must_use]
    pub fn last(&self, upgrade: UpgradeId) -> Option<Envelope> {
        self.one(upgrade, last_line)
    }

    fn one(&self, upgrade: UpgradeId, line: fn(&mut File) -> io::Result<Option<Line>>) -> Option<Envelope> {
        let mut file = File::open(witness::path(&self.dir, upgrade)).ok()?;
        line(&mut file).ok()?.filter(|line| line.upgrade() == upgrade)?.envelope().ok()
    }

    /// The [brief](Self::brief) of every upgrade.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Brief>, Failure> {
        Ok(self.upgrades()?.into_iter().map(|upgrade| self.brief(upgrade)).collect())
    }

    /// Exports an upgrade whose witness is whole.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Code::JournalDamaged`].
    pub fn export(&self, upgrade: UpgradeId) -> Result<Bundle, Failure> {
        let found = self.read(upgrade)?;
        match found.state {
            WitnessState::Damaged(damage) => Err(damage.failure()),
            _ => Bundle::of(upgrade, &found.lines),
        }
    }

    /// How every witness stands, and where its chain ends.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn verify(&self) -> Result<Vec<(UpgradeId, Tip, WitnessState)>, Failure> {
        let mut all = Vec::new();
        let records = self.records()?;
        for upgrade in self.upgrades()? {
            match self.read_against(upgrade, records.get(&upgrade).copied()) {
                Ok(found) => all.push((upgrade, Tip::of(&found.lines), found.state)),
                // A first append that is just happening, or never was acknowledged.
                Err(failure) if failure.code == Code::UpgradeNotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(all)
    }
}

fn unreadable(dir: &Path, error: io::Error) -> Failure {
    unwritable("the journal cannot be read", dir, error)
}

/// Bytes that are read at once.
const STEP: usize = 4 * 1024;

/// Where a whole line must have been found: a line and the beginning of a write behind it.
fn most(file: &File) -> io::Result<usize> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    Ok(length.min(2 * (MAX_ENVELOPE_BYTES + STEP)))
}

fn first_line(file: &mut File) -> io::Result<Option<Line>> {
    let most = most(file)?;
    let mut head = Vec::new();
    while head.len() < most && !head.contains(&b'\n') {
        let at = head.len();
        head.resize((at + STEP).min(most), 0);
        file.read_exact(&mut head[at..])?;
    }
    Ok(head.split(|byte| *byte == b'\n').next().and_then(Line::parse))
}

fn last_line(file: &mut File) -> io::Result<Option<Line>> {
    let most = most(file)?;
    let mut tail = Vec::new();
    loop {
        let take = (tail.len() + STEP).min(most);
        file.seek(SeekFrom::End(-i64::try_from(take).unwrap_or(0)))?;
        tail.resize(take, 0);
        file.read_exact(&mut tail)?;
        let last = tail.rsplit(|byte| *byte == b'\n').find_map(Line::parse);
        if last.is_some() || take == most {
            return Ok(last);
        }
    }
}
