//! Product versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt};

/// A product version of one to six numbers, compared number by number; a missing number counts as zero.
///
/// Compared as numbers, not as text: a widely shared upgrade script compares two parts only and takes 4.10 for 4.1.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-9]+(\.[0-9]+){0,5}$"))]
pub struct Version {
    parts: Vec<u32>,
}

impl Version {
    /// Parses `4.5`, `4.5.1234.0`.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<u32> = text
            .trim()
            .split('.')
            .map(|part| {
                if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(format!("{text:?} is not a version: {part:?} is not a number"));
                }
                part.parse().map_err(|_| format!("{text:?} is not a version: {part:?} is too large"))
            })
            .collect::<Result<_, _>>()?;
        if parts.len() > 6 {
            return Err(format!("{text:?} is not a version: more than six numbers"));
        }
        Ok(Self { parts })
    }

    /// The number at a position, zero where there is none.
    #[must_use]
    pub fn part(&self, index: usize) -> u32 {
        self.parts.get(index).copied().unwrap_or(0)
    }

    /// Only the first two numbers, as in "up to 4.5".
    #[must_use]
    pub fn release(&self) -> Self {
        Self { parts: vec![self.part(0), self.part(1)] }
    }

    /// Whether this is `other`, or `other` with more numbers behind it (`5.1.200` is a `5.1`).
    #[must_use]
    pub fn is_a(&self, other: &Self) -> bool {
        other.parts.iter().enumerate().all(|(index, part)| self.part(index) == *part)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.parts.len().max(other.parts.len());
        (0..longest)
            .map(|index| self.part(index).cmp(&other.part(index)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Vec<String> = self.parts.iter().map(u32::to_string).collect();
        f.pad(&text.join("."))
    }
}

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_not_text_decide() {
        let v = |text| Version::parse(text).unwrap();
        assert!(v("4.10") > v("4.9"));
        assert_eq!(v("4.5"), v("4.5.0.0"));
        assert!(v("4.5.1").release() == v("4.5"));
        assert!(v("5.1.200").is_a(&v("5.1")) && !v("5.10").is_a(&v("5.1")));
        for bad in ["", "4.", "v4", "4.5-beta", "99999999999", "1.2.3.4.5.6.7", "+4"] {
            assert!(Version::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_version_reads_back_the_same(parts in prop::collection::vec(0u32..100_000, 1..=6)) {
            let version = Version { parts };
            prop_assert_eq!(&Version::parse(&version.to_string()).unwrap(), &version);
        }
    }
}
