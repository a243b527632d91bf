//! What came of comparing two exports.

use super::header::Header;
use serde::{Deserialize, Serialize};

/// How many settings and entries of lists there are of each kind. An entry counts once, whatever is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The same before and after.
    pub preserved: u64,
    /// There before and after, with another value or mark.
    pub changed: u64,
    /// Only there after: new settings have the product's defaults.
    pub newly_defaulted: u64,
    /// Only there before.
    pub lost: u64,
    /// Of those lost: not declared as something that is not migrated.
    pub alarms: u64,
    /// Differences beyond those that are kept in full; the counts above have them all.
    pub not_kept: u64,
}

/// A setting inside a section or an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Where, below the section or entry; `@` is before the name of an attribute.
    pub path: String,
    /// Its value, cut when it is long, masked when it may be a secret.
    pub value: String,
}

/// What stands at a path in one of the exports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its TYPE.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its value, cut when it is long, masked when it may be a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is inside: marks and settings, the first of them when they are many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// How many fields were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Made from path and content alone: the same two exports give the same ids, on every machine.
    pub id: String,
    /// Where. Attributes have `@` before their name. Of an entry: where its list is.
    pub path: String,
    /// Of an entry of a list: its number in that export. Entries are compared by content, not by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// What stood there before; nothing when it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Content>,
    /// What stands there after; nothing when it is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Content>,
    /// How many settings and entries are concerned: more than one when a whole section is lost or new.
    pub settings: u64,
    /// It is lost, and nobody declared that it is not migrated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alarm: bool,
}

/// Two exports, compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Of the export from before.
    pub before: Header,
    /// Of the export from after.
    pub after: Header,
    /// How much there is of each.
    pub counts: Counts,
    /// What was lost, in the order of the export from before.
    pub lost: Vec<Difference>,
    /// What was changed, in that order too.
    pub changed: Vec<Difference>,
    /// What is new, in the order of the export from after.
    pub newly_defaulted: Vec<Difference>,
    /// Lists that have the same entries in another order.
    pub reordered: Vec<String>,
}

impl Comparison {
    /// Whether nothing was lost or changed. New settings are no difference in this sense.
    #[must_use]
    pub fn is_preserved(&self) -> bool {
        self.counts.lost == 0 && self.counts.changed == 0
    }

    /// What was lost although it should have been preserved.
    pub fn alarms(&self) -> impl Iterator<Item = &Difference> {
        self.lost.iter().filter(|difference| difference.alarm)
    }
}

/// What the one who asks knows beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Paths below which nothing is expected to be preserved.
    pub not_migrated: Vec<String>,
}
