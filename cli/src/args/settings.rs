//! `settings`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show what is in an export: product, signature, sections, lists, rules
    Show {
        /// The export
        file: PathBuf,
    },
    /// Say what an upgrade preserved, changed and lost. Exit code 50 when something was lost or changed
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The export from before
    pub(crate) before: PathBuf,
    /// The export from after
    pub(crate) after: PathBuf,
    /// Nothing is expected to be preserved below this path; as often as wanted
    #[arg(long, value_name = "PATH")]
    pub(crate) not_migrated: Vec<String>,
    /// The form of the answer [default: text, or json with --json]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DiffFormat>,
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The form of a comparison.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For a terminal
    Text,
    /// For a program
    Json,
    /// One page for a browser, to read or to print
    Html,
}
