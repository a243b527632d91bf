//! The other end of the mail flow: a mailbox in which probes arrive.

use super::Answer;
use crate::failure::{Code, Failure};
use async_trait::async_trait;

/// A probe that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// What it was sent with.
    pub marker: String,
    /// The message as it was delivered, headers included.
    pub raw: Vec<u8>,
}

/// Messages that one look takes in at most; a pile is looked through in several.
pub const AT_ONCE: usize = 100;

/// A mailbox that is looked into for probes, and for nothing else. Of messages whose Message-ID is not one of this
/// program's nothing but that field is read, and only where a search finds them; none of them is removed.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Pickup: Send + Sync {
    /// The address whose mail arrives here; `None` where nobody named a mailbox.
    fn address(&self) -> Option<String>;

    /// Probes that are there and whose marker begins with `family`, in no order, [`AT_ONCE`] at most: where so many come
    /// back there may be more. Leaves them where they are.
    async fn arrived(&self, family: &str) -> Answer<Vec<Arrived>>;

    /// Removes the probes with these markers; those that are not there are no failure.
    async fn remove(&self, markers: &[String]) -> Answer<()>;
}

/// Nobody named a mailbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPickup;

#[async_trait]
impl Pickup for NoPickup {
    fn address(&self) -> Option<String> {
        None
    }

    async fn arrived(&self, _family: &str) -> Answer<Vec<Arrived>> {
        Err(no_mailbox())
    }

    async fn remove(&self, _markers: &[String]) -> Answer<()> {
        Err(no_mailbox())
    }
}

/// What is said where a mailbox is needed and none is named.
#[must_use]
pub fn no_mailbox() -> Failure {
    Failure::new(Code::ScanUndetermined, "no mailbox is named in which probes are looked for")
        .expected("`pickup` in config.json: server, address, user and the name of the secret")
        .hint("docs/mail-proof.md shows how; nothing was sent")
        .ask()
}
