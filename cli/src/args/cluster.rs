//! `cluster`.

use super::{AnswerArgs, JournalCommand, ReportArgs, RequestOf, ServeArgs, WhichArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A cluster's own run. It has a journal beside this server's, and everything can be asked of it that can be asked of an
/// upgrade.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Make a plan from the nodes' own plans, in the order in which they are upgraded
    Plan(ClusterPlanArgs),
    /// Show a cluster's plan, ask, and run it
    Run(ClusterRunArgs),
    /// Show where it stands, and each node
    Status(WhichArgs),
    /// Answer a gate of the cluster's run; a node's own are answered on the node
    Answer(AnswerArgs),
    /// Take it up again
    Resume(WhichArgs),
    /// Begin no further node until it is resumed; the one under way goes on
    Pause(RequestOf),
    /// Give the cluster's run up; a node under way goes on
    Abandon(RequestOf),
    /// Show what happened
    Report(ReportArgs),
    /// Read, check, export and import its journal
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Show the cluster's run on a local web page, and take answers there
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ClusterPlanArgs {
    /// The nodes' plans, each made on its node by `mailsec plan --out`
    #[arg(required = true, value_name = "PLAN")]
    pub(crate) plans: Vec<PathBuf>,
    /// Write the cluster's plan to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Ask for maintenance to begin before each node, and to end after it
    #[arg(long)]
    pub(crate) maintenance_gates: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterRunArgs {
    /// The cluster's plan
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: PathBuf,
    /// Where a node's mailsec state folder is, as seen from here: `MAIL01=\\\\MAIL01\\C$\\ProgramData\\mailsec`
    #[arg(long = "node", value_name = "NAME=FOLDER")]
    pub(crate) nodes: Vec<String>,
    /// Do not ask before beginning
    #[arg(long)]
    pub(crate) yes: bool,
}
