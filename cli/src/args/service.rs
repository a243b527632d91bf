//! `service`.

use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Install it, to start at every boot
    Install {
        /// The administrator to run as, whom the Exchange shell knows; the password comes from
        /// `--secret service-logon-password=...`, else it is asked for [default: LocalSystem]
        #[arg(long, value_name = r"DOMAIN\USER")]
        account: Option<String>,
        /// Take orders from a cluster's run, as one of its nodes
        #[arg(long)]
        node: bool,
    },
    /// Remove it
    Uninstall,
    /// What the service manager calls; for a simulated server, in the foreground
    #[command(hide = true)]
    Run {
        /// Take orders from a cluster's run, as one of its nodes
        #[arg(long)]
        node: bool,
    },
}
