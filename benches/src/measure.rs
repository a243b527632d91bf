//! What the benchmarks measure alike.

use std::time::Duration;

/// The median, in milliseconds.
///
/// # Panics
/// Without a time.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// What this thread has used of a processor. Other work on the machine does not count, as far as it shares no cache.
///
/// Where the system does not tell: the time that has passed.
#[must_use]
#[allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a clock is measured with")]
pub fn processor_time() -> Duration {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| BEGAN.get_or_init(std::time::Instant::now).elapsed(), Duration::from_nanos)
}

/// The most memory that this process had, in kilobytes, where the system tells.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
