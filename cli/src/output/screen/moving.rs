//! Two lines that move at the bottom of a terminal.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::{fmt::Write, sync::Arc, time::Duration};

/// What moves; asked several times a second.
pub(crate) trait Moving: Send + Sync {
    /// What is done now.
    fn first(&self) -> String;
    /// What it does to others.
    fn second(&self) -> String;
}

/// It, on a terminal; gone when this is dropped.
pub(super) struct Shown(ProgressBar);

impl Shown {
    pub(super) fn new(scene: Box<dyn Moving>) -> Self {
        let scene: Arc<dyn Moving> = scene.into();
        let (first, second) = (Arc::clone(&scene), scene);
        let style = ProgressStyle::with_template("  {spinner} {first}\n    {second}").map(|style| {
            style
                // As every console of Windows can show it.
                .tick_chars("|/-\\ ")
                .with_key("first", move |_: &ProgressState, out: &mut dyn Write| {
                    _ = out.write_str(&fit(&first.first(), 4));
                })
                .with_key("second", move |_: &ProgressState, out: &mut dyn Write| {
                    _ = out.write_str(&fit(&second.second(), 4));
                })
        });
        let bar = ProgressBar::new_spinner();
        // The template is fixed, and right.
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Writes something above.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// As much as fits in a line of the terminal behind an indent: a line that breaks could not be taken back.
fn fit(text: &str, indent: usize) -> String {
    let wide =
        terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
    let room = wide.saturating_sub(indent + 1);
    let safe: Vec<char> = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    if safe.len() <= room {
        return safe.into_iter().collect();
    }
    let kept: String = safe.into_iter().take(room.saturating_sub(3)).collect();
    format!("{kept}...")
}
