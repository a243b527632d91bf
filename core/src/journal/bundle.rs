//! An upgrade's journal as one JSON document: to keep, to send, and to restore from.

use super::{Format, Journal, Line, chain::Tip};
use crate::{
    failure::{Code, Failure},
    values::{Digest, UpgradeId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Format of bundles that this version writes.
const BUNDLE_FORMAT: u16 = 1;

/// A journal whose lines can be taken out and put in as they are.
pub trait Lines: Journal {
    /// Every line of an upgrade, its chain verified.
    ///
    /// # Errors
    /// As [`Journal::read`].
    fn lines(&self, upgrade: UpgradeId) -> Result<Vec<Line>, Failure>;

    /// Takes up lines that were verified as one chain from its beginning. What is there already must be their
    /// beginning; more than they have may be there too.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when what is there differs, or as [`Journal::append`].
    fn adopt(&mut self, upgrade: UpgradeId, lines: &[Line]) -> Result<Adopted, Failure>;
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adopted {
    /// The upgrade was not there.
    New,
    /// It was there as far as this many envelopes and was continued.
    Continued {
        /// Envelopes before.
        from: u64,
    },
    /// All of it was there.
    Already,
}

impl Adopted {
    /// What adopting `lines` over `present` means.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when one is not the beginning of the other.
    pub fn compare(upgrade: UpgradeId, present: &[Line], lines: &[Line]) -> Result<Self, Failure> {
        if let Some((here, there)) = present.iter().zip(lines).find(|(a, b)| a.hash() != b.hash()) {
            return Err(Failure::new(
                Code::JournalConflict,
                format!("the journal has another upgrade {upgrade}"),
            )
            .expected(format!("envelope {} with hash {}", here.seq(), here.hash()))
            .found(format!("hash {}", there.hash()))
            .hint("two histories cannot be joined; keep the bundle beside the journal"));
        }
        Ok(match present.len() {
            0 => Self::New,
            count if count >= lines.len() => Self::Already,
            count => Self::Continued { from: count as u64 },
        })
    }
}

/// An upgrade's journal as one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Format of this bundle.
    pub bundle: u16,
    /// Which upgrade.
    pub upgrade: UpgradeId,
    /// Envelopes in it.
    pub envelopes: u64,
    /// Hash of the last one.
    pub head: Digest,
    /// Versions of the program that wrote them.
    pub engines: Vec<String>,
    /// The lines, as strings: a tool that lays JSON out anew must not change what is hashed.
    pub lines: Vec<String>,
    /// Texts by name that help to understand it: the report, logs, what is installed. They are not part of the chain,
    /// and an import leaves them where they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attached: BTreeMap<String, String>,
}

impl Bundle {
    /// Of an upgrade's verified lines.
    ///
    /// # Errors
    /// [`Code::JournalDamaged`] when a line is no envelope.
    pub fn of(upgrade: UpgradeId, lines: &[Line]) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Written {
            engine: String,
        }
        let tip = Tip::of(lines);
        let mut engines = BTreeSet::new();
        let mut texts = Vec::with_capacity(lines.len());
        for line in lines {
            if let Ok(written) = serde_json::from_slice::<Written>(line.json()) {
                engines.insert(written.engine);
            }
            let mut text = line.text();
            text.pop();
            texts.push(String::from_utf8(text).map_err(|error| {
                Failure::new(Code::JournalDamaged, "an envelope is not UTF-8")
                    .found(format!("envelope {} of upgrade {upgrade}", line.seq()))
                    .cause(error)
            })?);
        }
        Ok(Self {
            bundle: BUNDLE_FORMAT,
            upgrade,
            envelopes: tip.count,
            head: tip.hash,
            engines: engines.into_iter().collect(),
            lines: texts,
            attached: BTreeMap::new(),
        })
    }

    /// Reads a bundle and verifies it.
    ///
    /// # Errors
    /// [`Code::JournalNewer`] for a newer format, [`Code::JournalDamaged`] for one that is not whole.
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<Line>), Failure> {
        #[derive(Deserialize)]
        struct Head {
            bundle: u16,
        }
        let damaged = |error: serde_json::Error| {
            Failure::new(Code::JournalDamaged, "this is not an exported journal, or a damaged one")
                .expected("the JSON that an export writes")
                .cause(error)
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.bundle > BUNDLE_FORMAT {
            return Err(Failure::new(Code::JournalNewer, "the export was made by a newer version")
                .expected(format!("bundle format {BUNDLE_FORMAT}"))
                .found(format!("bundle format {}", head.bundle)));
        }
        let bundle: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        let lines = bundle.verify()?;
        Ok((bundle, lines))
    }

    /// Its lines, when they are one whole chain that ends as the bundle says.
    ///
    /// # Errors
    /// [`Code::JournalDamaged`] with the last good envelope.
    pub fn verify(&self) -> Result<Vec<Line>, Failure> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for text in &self.lines {
            match Line::parse(text.as_bytes()) {
                Some(line) if Tip::of(&lines).takes(self.upgrade, &line) => lines.push(line),
                _ => break,
            }
        }
        let (tip, promised) = (Tip::of(&lines), Tip { count: self.envelopes, hash: self.head });
        if tip == promised && lines.len() == self.lines.len() && !lines.is_empty() {
            return Ok(lines);
        }
        let why = "the export is not one whole chain";
        Err(super::Damage::after(self.upgrade, &lines, self.envelopes, why).failure())
    }

    /// As a document to write to a file.
    ///
    /// # Errors
    /// When it cannot be serialised.
    pub fn to_json(&self) -> Result<Vec<u8>, Failure> {
        serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new(Code::System, "the export cannot be serialised").cause(error))
    }
}

/// Exports an upgrade.
///
/// # Errors
/// As [`Journal::read`].
pub fn export(journal: &(impl Lines + ?Sized), upgrade: UpgradeId) -> Result<Bundle, Failure> {
    Bundle::of(upgrade, &journal.lines(upgrade)?)
}

/// Imports an upgrade: verified first, refused when the journal has another history under that id, and the same
/// when it is done twice.
///
/// # Errors
/// [`Code::JournalDamaged`], [`Code::JournalNewer`], [`Code::JournalConflict`], or as [`Journal::append`].
pub fn import(journal: &mut (impl Lines + ?Sized), bundle: &Bundle) -> Result<Adopted, Failure> {
    let lines = bundle.verify()?;
    if let Some(line) = lines.iter().find(|line| line.format() > Format::CURRENT) {
        return Err(Failure::new(Code::JournalNewer, "the export was made by a newer version")
            .expected(format!("envelopes of format {}", Format::CURRENT.0))
            .found(format!("format {} in envelope {}", line.format().0, line.seq())));
    }
    journal.adopt(bundle.upgrade, &lines)
}
