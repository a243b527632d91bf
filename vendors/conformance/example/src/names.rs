//! What the vendor's article names. Sample Mail Guard does not exist; a real crate has its names from sources.

pub(crate) const KEY: &str = "sample-guard";
/// Its name, and what the names of its installed packages contain.
pub(crate) const NAME: &str = "Sample Mail Guard";
pub(crate) const ARTICLE: &str = "https://guard.example/articles/upgrade";
/// Its service.
pub(crate) const SERVICE: &str = "SampleGuard";
/// The folder with its settings, below its own.
pub(crate) const SETTINGS: &str = "Data";
/// While this file is there, the product does not update itself.
pub(crate) const PAUSED: &str = r"Data\updates.paused";
