//! Probes by hand.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// Send the harmless EICAR test file as well, and see whether it is stopped; needs `pickup` in config.json
    #[arg(long)]
    pub(crate) eicar: bool,
}
