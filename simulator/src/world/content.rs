//! The content of a file: shared, so that a world is cheap to copy, and readable in a world's file.

use super::{
    agents::{self, AgentRow},
    script::Script,
};
use mailsec_core::{host::Answer, values::Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// Bytes; text is written as text.
///
/// They never change, so what can be derived of them is derived once: reading `agents.config` and installers anew at
/// each call was most of the time of a simulated upgrade.
#[derive(Clone)]
pub struct Content(Arc<Inner>);

#[derive(Default)]
struct Inner {
    bytes: Vec<u8>,
    /// A file that stands for a real one has that one's size, and maybe its digest.
    pretends: Option<Pretended>,
    digest: OnceLock<Digest>,
    agents: OnceLock<Answer<Vec<Arc<AgentRow>>>>,
    script: OnceLock<Option<Script>>,
}

/// What a file shows of itself that its bytes do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pretended {
    /// Bytes.
    pub size: u64,
    /// Digest; that of the bytes where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

impl Content {
    /// These bytes, behind the size and the digest of the real file that they stand for.
    #[must_use]
    pub fn pretending(bytes: impl Into<Vec<u8>>, pretends: Pretended) -> Self {
        Self(Arc::new(Inner { bytes: bytes.into(), pretends: Some(pretends), ..Inner::default() }))
    }

    fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Inner { bytes, ..Inner::default() }))
    }

    /// An `agents.config` with these agents.
    #[must_use]
    pub fn of_agents(rows: Vec<Arc<AgentRow>>) -> Self {
        let text = agents::render(&rows);
        let agents = OnceLock::from(Ok(rows));
        Self(Arc::new(Inner { bytes: text.into_bytes(), agents, ..Inner::default() }))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// As text, where it is some.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    /// How many bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self.0.pretends {
            Some(pretends) => pretends.size,
            None => u64::try_from(self.bytes().len()).unwrap_or(u64::MAX),
        }
    }

    /// Digest of the bytes, or the pretended one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self.0.pretends {
            Some(Pretended { digest: Some(digest), .. }) => digest,
            _ => *self.0.digest.get_or_init(|| Digest::of(self.bytes())),
        }
    }

    /// The agents, where this is an `agents.config`.
    ///
    /// # Errors
    /// [`Code::AgentsUnreadable`](mailsec_core::Code::AgentsUnreadable).
    pub fn agents(&self) -> Answer<&[Arc<AgentRow>]> {
        let rows = self.0.agents.get_or_init(|| agents::parse(self.text().unwrap_or_default()));
        rows.as_deref().map_err(Clone::clone)
    }

    /// What it does, where this is an installer.
    #[must_use]
    pub fn script(&self) -> Option<&Script> {
        self.0.script.get_or_init(|| serde_json::from_slice(self.bytes()).ok()).as_ref()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.pretends == other.0.pretends && self.bytes() == other.bytes())
    }
}

impl Eq for Content {}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes, {})", self.bytes().len(), self.digest().short())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Pretending { bytes: Vec<u8>, pretends: Pretended },
    Bytes { bytes: Vec<u8> },
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.pretends, self.text()) {
            (Some(pretends), _) => {
                Written::Pretending { bytes: self.bytes().to_vec(), pretends }.serialize(serializer)
            }
            (None, Some(text)) => serializer.serialize_str(text),
            (None, None) => Written::Bytes { bytes: self.bytes().to_vec() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer).map_err(D::Error::custom)? {
            Written::Text(text) => Ok(text.into()),
            Written::Pretending { bytes, pretends } => Ok(Self::pretending(bytes, pretends)),
            Written::Bytes { bytes } => Ok(bytes.as_slice().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_pretends_is_kept_with_it() {
        let digest = Some(Digest::of(b"the real one"));
        let content = Content::pretending(*b"small", Pretended { size: 9_000_000_000, digest });
        assert_eq!((content.size(), Some(content.digest())), (9_000_000_000, digest));
        assert_ne!(content, Content::from("small"));
        let text = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&text).unwrap(), content);
    }
}
