//! `journal`.

use super::WhichArgs;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Check every copy, checksum and chain; what one copy still has is put back
    Verify {
        /// Cut a journal that no copy has whole after its last good envelope; a journal that has none is set aside
        #[arg(long)]
        cut_damage: bool,
    },
    /// Print the events of an upgrade
    Show(WhichArgs),
    /// Write an upgrade's journal, its report, the installers' logs and what is installed to one file, for support;
    /// without secrets
    Export {
        #[command(flatten)]
        which: WhichArgs,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in an exported journal
    Import {
        /// The file
        file: PathBuf,
    },
}
