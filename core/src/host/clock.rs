//! Time.

use crate::values::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// The only source of time. The simulator's runs as fast as it is asked to.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock, UTC. It may jump; nothing relies on it but reports and file dates.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn sleep(&self, how_long: Duration);
}
