//! Ways to upgrade, and to what they apply.

use super::UpgradeRequest;
use crate::failure::{Code, Failure};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A way to upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Export the settings, uninstall, restart, install, import.
    Manual,
    /// Install over what is there.
    InPlace,
    /// By the vendor's management server.
    Remote,
    /// Several servers as one.
    Cluster,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Manual, Self::InPlace, Self::Remote, Self::Cluster];

    /// The word that a person types.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::InPlace => "in-place",
            Self::Remote => "remote",
            Self::Cluster => "cluster",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A row of a vendor's table of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MethodRow {
    /// Which.
    pub method: Method,
    /// Installed versions, in words.
    pub from: &'static str,
    /// Versions that it leads to, in words.
    pub to: &'static str,
    /// How many servers it is for.
    pub servers: &'static str,
    /// What it needs.
    pub needs: &'static str,
    /// Where that stands.
    pub source: &'static str,
}

/// Refuses a method that a vendor's table does not have.
///
/// # Errors
/// [`Code::MethodUnfit`], with those that there are.
pub fn known_method(rows: &[MethodRow], method: Method) -> Result<&MethodRow, Failure> {
    rows.iter().find(|row| row.method == method).ok_or_else(|| {
        let words: Vec<&str> = rows.iter().map(|row| row.method.word()).collect();
        Failure::new(Code::MethodUnfit, format!("this product has no method {method}"))
            .expected(words.join(", "))
            .found(method.word())
            .hint("`mailsec methods` shows them, with their sources")
    })
}

/// Refuses an option that belongs to other products.
///
/// # Errors
/// [`Code::BadArgument`].
pub fn foreign_option(given: bool, option: &str, product: &str, instead: &str) -> Result<(), Failure> {
    if !given {
        return Ok(());
    }
    Err(Failure::new(Code::BadArgument, format!("{option} is not for {product}")).hint(instead))
}

impl UpgradeRequest {
    /// Whether anything was asked for that is about a service's account.
    #[must_use]
    pub fn names_account(&self) -> bool {
        self.account != super::AccountChoice::Keep
            || matches!(&self.mode, super::InstallerChoice::Silent { credentials: Some(_), .. })
    }
}
