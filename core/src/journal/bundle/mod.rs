//! An upgrade as one JSON document: its journal, the facts that its plan was made from, and what helps to understand it.
//! To keep, to send, to restore from, and to replay.

mod adopt;
mod read;

pub use adopt::{Adopted, Lines, export, import};
pub use read::Flaw;

use super::{Line, chain::Tip};
use crate::{
    failure::{Code, Failure},
    plan::Plan,
    product::Captured,
    upgrade::Event,
    values::{Digest, UpgradeId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Format of bundles that this version writes. Format 1 had neither facts nor versions nor digests of what is attached.
const BUNDLE_FORMAT: u16 = 2;

/// The name under which the digests hold that of the versions; no attachment has it, as those are files.
const VERSIONS: &str = "versions";

/// Versions of the program that wrote these lines.
fn engines(lines: &[Line]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Written {
        engine: String,
    }
    let engine =
        |line: &Line| serde_json::from_slice::<Written>(line.json()).ok().map(|written| written.engine);
    lines.iter().filter_map(engine).collect::<BTreeSet<_>>().into_iter().collect()
}

/// An upgrade as one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    /// Format of this bundle.
    #[schemars(extend("enum" = [1, BUNDLE_FORMAT]))]
    pub bundle: u16,
    /// Which upgrade.
    pub upgrade: UpgradeId,
    /// Envelopes in it.
    pub envelopes: u64,
    /// Hash of the last one.
    pub head: Digest,
    /// Versions of the program that wrote them.
    pub engines: Vec<String>,
    /// Versions of all else: the program that exported it, the product before and after, Exchange.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// The lines, as strings: a tool that lays JSON out anew must not change what is hashed.
    pub lines: Vec<String>,
    /// The captured facts that the plan was made from, as their file has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Value>,
    /// Digest of each attached text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<String, Digest>,
    /// Texts by name that help to understand it: the report, logs, what is installed. They are not part of the chain,
    /// and an import leaves them where they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attached: BTreeMap<String, String>,
}

impl Bundle {
    /// The format that this version writes.
    pub const FORMAT: u16 = BUNDLE_FORMAT;

    /// Of an upgrade's verified lines.
    ///
    /// # Errors
    /// [`Code::JournalDamaged`] when a line is no envelope.
    pub fn of(upgrade: UpgradeId, lines: &[Line]) -> Result<Self, Failure> {
        let tip = Tip::of(lines);
        let mut texts = Vec::with_capacity(lines.len());
        for line in lines {
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
            engines: engines(lines),
            versions: BTreeMap::new(),
            lines: texts,
            facts: None,
            digests: BTreeMap::new(),
            attached: BTreeMap::new(),
        })
    }

    /// With these texts.
    #[must_use]
    pub fn with_attached(mut self, texts: BTreeMap<String, String>) -> Self {
        self.digests.extend(texts.iter().map(|(name, text)| (name.clone(), Digest::of(text.as_bytes()))));
        self.attached = texts;
        self
    }

    /// With the facts that the plan was made from.
    #[must_use]
    pub fn with_facts(mut self, captured: &Captured) -> Self {
        self.facts = serde_json::from_slice(&captured.sealed()).ok();
        self
    }

    /// With the version of something.
    #[must_use]
    pub fn with_version(mut self, of: impl Into<String>, version: impl Into<String>) -> Self {
        self.versions.insert(of.into(), version.into());
        self.digests.insert(VERSIONS.to_owned(), self.digest_of_versions());
        self
    }

    fn digest_of_versions(&self) -> Digest {
        // Text by text; serialising it cannot fail.
        Digest::of(&serde_json::to_vec(&self.versions).unwrap_or_default())
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

/// The plan that an upgrade's lines begin with.
fn plan(lines: &[Line]) -> Option<Plan> {
    match lines.first()?.envelope().ok()?.event.known()? {
        Event::Planned { plan, .. } => Some((**plan).clone()),
        _ => None,
    }
}
