//! `simulate`: the explorer.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum SimulateCommand {
    /// List the plans and servers that are simulated
    Cases,
    /// Crash at every point of each plan, and at every pair of points with `--pairs`
    Explore(ExploreArgs),
    /// Play random trouble by seed, and shrink what fails to a scenario
    Swarm(SwarmArgs),
    /// Play a scenario, or an exported journal, again
    Replay {
        /// The file
        file: PathBuf,
    },
}

/// Which plans, and with how many threads.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// Only plans whose name begins so [see `simulate cases`]; as often as wanted
    #[arg(long = "case", value_name = "NAME")]
    pub(crate) cases: Vec<String>,
    /// What journals are kept in
    #[arg(long, value_enum, default_value = "sealed", value_name = "MEDIUM")]
    pub(crate) medium: MediumName,
    /// How many runs at a time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MediumName {
    /// Memory, without JSON, hashes and recovery: the fastest
    Typed,
    /// Memory, sealed as the shipped journal seals it
    Sealed,
    /// A simulated device that loses what was not flushed, with the shipped codec, chain and recovery
    Device,
}

#[derive(Debug, Args)]
pub(crate) struct ExploreArgs {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Every pair of points too; that is some ten thousand runs for each plan
    #[arg(long)]
    pub(crate) pairs: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmArgs {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// How many seeds
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub(crate) seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    pub(crate) from: u64,
    /// Go on with further seeds until so many seconds have passed
    #[arg(long = "for", value_name = "SECONDS")]
    pub(crate) seconds: Option<u64>,
    /// Play each seed twice, and compare the traces
    #[arg(long)]
    pub(crate) twice: bool,
    /// Also show how often each thing happened, and what never did
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Where scenarios of failing seeds are written [default: the present folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}
