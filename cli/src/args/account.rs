//! `account`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const AFTER: &str = "\
The directory is the one in the configuration; `--host sim:FOLDER` takes a simulated server's. The password of the account \
by which it is asked is the secret that the configuration names (`bind_secret`).

Is the service's account fit for a service, and does its password work?
  mailsec account check 'LAB\\svc-vipre' --log-on

A standard user that never expires, with a password that is made and kept in a file:
  mailsec account create 'LAB\\svc-vipre' --generate --password-to svc-vipre.txt

Another password, for the account and for the service that logs on with it:
  mailsec account reset 'LAB\\svc-vipre' --service NAME --secret account-password=file:new.txt

Exit codes: 0 done, or fit; 1 failed; 2 usage; 30 refused and nothing changed, or not fit.";

/// What is wanted of a service's account, by hand and outside any upgrade.
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER)]
pub(crate) enum AccountCommand {
    /// Say whether an account is fit for a service: a standard user, enabled, never expiring; changes nothing
    Check {
        /// The account
        #[arg(value_name = r"DOMAIN\USER")]
        account: String,
        /// Try its password as well, which comes from `--secret account-password=...`, else it is asked for
        #[arg(long)]
        log_on: bool,
    },
    /// Create a standard user that never expires; a creation that was cut off is finished
    Create(NewPasswordArgs),
    /// Give an account another password
    Reset {
        #[command(flatten)]
        new: NewPasswordArgs,
        /// A service of this server that logs on with it, by its short name, as often as wanted: it is given the
        /// password, and restarted if it runs
        #[arg(long = "service", value_name = "NAME")]
        services: Vec<String>,
    },
}

/// Whose password, and which.
#[derive(Debug, Args)]
pub(crate) struct NewPasswordArgs {
    /// The account
    #[arg(value_name = r"DOMAIN\USER")]
    pub(crate) account: String,
    /// Make the password, by the domain's policy; else it comes from `--secret account-password=...`, or is asked for
    #[arg(long, requires = "password_to")]
    pub(crate) generate: bool,
    /// The new file to write the password that is made to, before it is set; only you, and on Windows administrators, may
    /// read it
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub(crate) password_to: Option<PathBuf>,
    /// Do not ask whether to go on
    #[arg(long)]
    pub(crate) yes: bool,
}
