//! What is asked of an upgrade that is under way or over.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which upgrade.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhichArgs {
    /// Its id [default: the one that is not finished, else the last]
    #[arg(long, value_name = "ID")]
    pub(crate) upgrade: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// Follow it until it is over; with --json a line for each change
    #[arg(long)]
    pub(crate) watch: bool,
    /// A few lines for whoever logs on, and nothing when nothing is under way
    #[arg(long, conflicts_with_all = ["watch", "upgrade"])]
    pub(crate) banner: bool,
    /// Wait for Enter where something was said, so that a window that was opened for it stays
    #[arg(long, requires = "banner")]
    pub(crate) hold: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// The gate, as `status` shows it
    pub(crate) gate: String,
    /// The answer
    pub(crate) choice: String,
    /// An item of the gate's checklist: `ITEM=done`, or `ITEM=given-up:WHY`
    #[arg(long = "item", value_name = "ITEM=ANSWER")]
    pub(crate) items: Vec<String>,
    /// Every item that no `--item` names
    #[arg(long, value_enum, value_name = "ANSWER")]
    pub(crate) all_items: Option<AllItems>,
    /// In your words; kept in the report
    #[arg(long, default_value = "")]
    pub(crate) note: String,
}

/// What can be said of every item at once: what is given up is given up one by one, each for a reason.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AllItems {
    /// Each was seen to
    Done,
}

#[derive(Debug, Args)]
pub(crate) struct RequestOf {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// Why; kept in the report
    #[arg(long, default_value = "")]
    pub(crate) note: String,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// The form of the report [default: text, or json with --json]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a terminal
    Text,
    /// One page for a browser, to read, to print or to keep; nothing is loaded
    Html,
    /// For a program
    Json,
    /// Markdown, for a ticket
    Md,
    /// XML as JUnit writes it, for monitoring: a test case for each step and each promise about mail
    Junit,
}
