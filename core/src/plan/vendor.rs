//! What a plan says of a vendor's own operation, so that it can be checked, explained and recovered from data alone.

use super::OnPartial;
use crate::values::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a vendor's own operation behaves. The vendor's crate runs it; everybody else knows only this.
///
/// The default is the careful one: it changes the server, a crash in its middle is a person's to judge, and nobody
/// leaves it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VendorTraits {
    /// What it does, to be read after "it": `exports the settings to C:\x.xml`.
    pub what: String,
    /// It only looks: after a crash it is simply done again, and there is nothing to undo.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks: bool,
    /// It asks a person first. The question is made when the gate opens, from what is found then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// It proves that the settings are exported: they could be imported again after an uninstall.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proves_export: bool,
    /// It proves that the new version is in place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proves_version: bool,
    /// It acts on other machines than the one that the program runs on, through a management server. A plan does that
    /// in all its steps or in none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// It imports the whole configuration: on a cluster that shares it, this happens on one node.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imports: bool,
    /// A person may have the upgrade go on without it when it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_left_out: bool,
    /// What happens when a crash left it half done.
    pub on_partial: OnPartial,
    /// Seconds it typically takes.
    pub typical_secs: u64,
    /// The secrets it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretRef>,
}

impl VendorTraits {
    /// An operation that changes the server, as careful as can be.
    #[must_use]
    pub fn changes(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            looks: false,
            asks: false,
            proves_export: false,
            imports: false,
            proves_version: false,
            elsewhere: false,
            may_be_left_out: false,
            on_partial: OnPartial::Ask,
            typical_secs: 10,
            secrets: Vec::new(),
        }
    }

    /// An operation that only looks.
    #[must_use]
    pub fn looks(what: impl Into<String>) -> Self {
        Self { looks: true, on_partial: OnPartial::Finish, typical_secs: 2, ..Self::changes(what) }
    }

    /// An operation that asks a person, then looks at what was done.
    #[must_use]
    pub fn asks(what: impl Into<String>) -> Self {
        Self { asks: true, typical_secs: 300, ..Self::looks(what) }
    }
}
