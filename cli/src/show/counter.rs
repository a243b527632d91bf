//! How much of a long piece of work is done, to stderr, where somebody watches.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A line that moves on a terminal, and nothing elsewhere.
pub(crate) struct Counter(Option<ProgressBar>);

impl Counter {
    /// For so many of something.
    pub(crate) fn new(what: &str, count: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
        // The template is fixed, and right.
        if let Ok(style) = ProgressStyle::with_template("  {bar:30} {pos}/{len} {msg}, {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self(Some(bar))
    }

    /// So many are done.
    pub(crate) fn show(&self, done: usize) {
        if let Some(bar) = &self.0 {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
