//! `remote`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is wanted of a management server.
#[derive(Debug, Subcommand)]
pub(crate) enum RemoteCommand {
    /// List the servers that report the product; changes nothing
    Devices {
        /// The product's name in the list of a server's components
        #[arg(long, value_name = "NAME", default_value = mailsec_eset::remote::COMPONENT)]
        component: String,
    },
    /// Make a plan; `run --plan` runs it. Changes nothing
    Plan(RemotePlanArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RemotePlanArgs {
    /// A server, by its name in the console; as often as wanted
    #[arg(long = "device", value_name = "NAME", required = true)]
    pub(crate) devices: Vec<String>,
    /// The version that it is to have
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: String,
    /// What the task does: a file with `{"name": ..., "params": {"@type": ..., ...}}`, from the documentation of your
    /// management server. ESET documents no action that installs software
    #[arg(long, value_name = "FILE")]
    pub(crate) action: PathBuf,
    /// The product's name in the list of a server's components
    #[arg(long, value_name = "NAME", default_value = mailsec_eset::remote::COMPONENT)]
    pub(crate) component: String,
    /// Restart the servers afterwards, all at the same time
    #[arg(long)]
    pub(crate) restart: bool,
    /// Seconds that the task may take on all servers, those included that are switched off
    #[arg(long, value_name = "SECONDS", default_value_t = 14400, value_parser = clap::value_parser!(u64).range(60..=2_592_000))]
    pub(crate) limit: u64,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) poll: u64,
    /// Seconds for which a task is looked for when its creation is in doubt; ESET's servers may take 180, so no less
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub(crate) settle: u64,
    /// Write the plan to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Say of each step what it does, why, and what becomes of it when power fails
    #[arg(long)]
    pub(crate) explain: bool,
}
