//! The clock of this machine.

use async_trait::async_trait;
use mailsec_core::{host::Clock, values::Timestamp};
use std::time::Duration;

/// The system clock; waits on tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_datetime(time::OffsetDateTime::now_utc())
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }

    async fn alarm(&self, after: Duration) {
        tokio::time::sleep(after).await;
    }
}
