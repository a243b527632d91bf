//! A node of a cluster.

use crate::failure::{Code, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a node: a computer's name, or another name of that form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[A-Za-z0-9-]{1,63}$"))]
pub struct NodeName(String);

impl NodeName {
    /// 1 to 63 letters, digits and hyphens.
    ///
    /// # Errors
    /// [`Code::BadArgument`] for another form.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=63).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Failure::new(Code::BadArgument, "this does not name a node")
                .expected("1 to 63 letters, digits and hyphens")
                .found(format!("{text:?}")))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NodeName {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self, Failure> {
        Self::parse(&text)
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
