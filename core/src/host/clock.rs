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
    /// Ends once so much time has passed while a call of another port is waited for: the alarm of a call that hangs. On
    /// a host whose calls answer at once, as the simulated one's do, it never ends, unless one was made to hang.
    async fn alarm(&self, after: Duration);
}
