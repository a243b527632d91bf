//! `world` and `demo`: simulated servers.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum WorldCommand {
    /// Make a simulated server in a folder
    Create {
        /// The folder
        folder: PathBuf,
        /// Which server [see `world list`]
        #[arg(long, default_value = "vipre-4.5", value_name = "NAME")]
        kind: String,
        /// Something that will go wrong on it, as often as wanted [see `world list`]
        #[arg(long = "fault", value_name = "NAME")]
        faults: Vec<String>,
        /// The server's name
        #[arg(long, default_value = "MAIL01", value_name = "NAME")]
        name: String,
    },
    /// The servers and the faults that there are
    List,
    /// Show a simulated server
    Show {
        /// The folder
        folder: PathBuf,
    },
    /// Take the power from a simulated server; it boots when it is next looked at
    CutPower {
        /// The folder
        folder: PathBuf,
    },
    /// Do what a person does at the simulated server, while no process runs an upgrade on it
    Act {
        /// The folder
        folder: PathBuf,
        /// What
        #[command(subcommand)]
        deed: Deed,
    },
}

/// What a person does at a simulated server.
#[derive(Debug, Subcommand)]
pub(crate) enum Deed {
    /// Save a file
    Save {
        /// Where, on the server
        path: String,
        /// Its content
        text: String,
    },
    /// Run an installer to its end
    Install {
        /// The installer, as a path on the server
        path: String,
        /// The account to type in where it asks; its password comes from `--secret service-account-password=...`
        #[arg(long, value_name = r"DOMAIN\USER")]
        account: Option<String>,
    },
    /// Start a service
    Start {
        /// Its name
        service: String,
    },
    /// Stop a service
    Stop {
        /// Its name
        service: String,
    },
    /// Export ESET's settings in its window
    Export {
        /// Where to, on the server
        path: String,
    },
    /// Enable ESET's advanced commands
    EnableCommands {
        /// For signed files only
        #[arg(long)]
        signed_only: bool,
    },
    /// Sign an exported file with ESET's settings password
    Sign {
        /// The file, on the server
        path: String,
    },
    /// Let time pass
    Pass {
        /// How much
        seconds: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Folder for the simulated server and its journal [default: a new one among the temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}
