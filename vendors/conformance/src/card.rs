//! The card: what was shown, as data.

use crate::{Check, text};
use mailsec_core::{product::Method, values::Version};
use serde::{Deserialize, Serialize};

/// Format of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardFormat(u16);

impl CardFormat {
    /// The one that this version writes.
    pub const CURRENT: Self = Self(1);
}

/// What a vendor's crate has shown, and what it has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Format of this card.
    pub format: CardFormat,
    /// The product's key.
    pub product: String,
    /// Its names, oldest first.
    pub names: Vec<String>,
    /// Who makes it.
    pub publisher: String,
    /// Version of the crate that has it.
    pub crate_version: String,
    /// Version of mailsec.
    pub mailsec: String,
    /// When, as the caller says.
    pub date: String,
    /// Whether every check was shown and none failed.
    pub passed: bool,
    /// On what.
    pub specimens: Vec<Shown>,
    /// What was checked.
    pub checks: Vec<Checked>,
    /// Where an operation's nature demands another rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Excepted>,
    /// What was not shown, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_shown: Vec<String>,
    /// What the product's crate says that it cannot do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// A specimen, and how much was seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Version found; none where there was no plan.
    pub from: Option<Version>,
    /// Version planned.
    pub to: Option<Version>,
    /// Method.
    pub method: Option<Method>,
    /// Steps of its plan.
    pub steps: usize,
    /// Steps whose operation was looked at by itself.
    pub operations: usize,
    /// Crash points of an undisturbed upgrade.
    pub points: usize,
    /// Whole upgrades.
    pub runs: usize,
}

/// A check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Which.
    pub check: Check,
    /// What it shows.
    pub what: String,
    /// How often it was looked at.
    pub times: u64,
    /// How often it failed.
    pub failed: u64,
    /// The first of what was wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<String>,
}

/// An exception that was needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excepted {
    /// Of which check.
    pub check: Check,
    /// The operation.
    pub operation: String,
    /// Why it cannot be otherwise.
    pub why: String,
    /// How often.
    pub times: u64,
}

impl Card {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = Check> {
        self.checks.iter().filter(|checked| checked.failed > 0).map(|checked| checked.check)
    }

    /// For people, 80 columns wide.
    #[must_use]
    pub fn text(&self) -> String {
        text::text(self)
    }

    /// For tests.
    ///
    /// # Panics
    /// With the whole card, when a check failed.
    pub fn assert(&self) {
        assert!(self.passed, "not certified:\n{}", self.text());
    }
}
