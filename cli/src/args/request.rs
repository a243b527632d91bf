//! What an upgrade is wanted to be like, and the plan for it.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What stands in the report for ever, and says something.
fn reason(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a reason says why, in a few words; it stands in the report"),
        text => Ok(text.to_owned()),
    }
}

/// What an upgrade is wanted to be like.
#[derive(Clone, Debug, Args)]
pub(crate) struct RequestArgs {
    /// Which way to upgrade [default: the first that `mailsec methods` shows as fitting]
    #[arg(long, value_enum)]
    pub(crate) method: Option<MethodName>,
    /// The installer, as a path on the server
    #[arg(long, value_name = "PATH")]
    pub(crate) installer: Option<String>,
    /// The installer's BLAKE3 digest, from a source that you trust
    #[arg(long, value_name = "HEX")]
    pub(crate) digest: Option<String>,
    /// Accept an installer without a valid signature; say why
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub(crate) accept_unsigned: Option<String>,
    /// Run the installer silently; give `--argument` as often as it needs [default for ESET]
    #[arg(long)]
    pub(crate) silent: bool,
    /// Have a person run the installer [default for VIPRE]
    #[arg(long, conflicts_with = "silent")]
    pub(crate) attended: bool,
    /// A switch, or an MSI property `NAME=value`, that you have tested
    #[arg(long = "argument", value_name = "ARGUMENT", requires = "silent", allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
    /// MSI properties that take the service account's name and password: `ACCOUNT,PASSWORD`
    #[arg(long, value_name = "NAMES", requires = "silent")]
    pub(crate) credential_properties: Option<String>,
    /// An MSI property whose value is a secret, and the secret's name, as often as needed; for example
    /// `ACTIVATION_DATA=eset-activation`
    #[arg(long = "secret-property", value_name = "NAME=SECRET", requires = "silent")]
    pub(crate) secret_properties: Vec<String>,
    /// ESET: the settings are protected by a password; it comes from `--secret eset-settings-password=...`
    #[arg(long)]
    pub(crate) settings_password: bool,
    /// Use this account for the service, which exists
    #[arg(long, value_name = r"DOMAIN\USER", group = "account_choice")]
    pub(crate) account: Option<String>,
    /// Create this account for the service
    #[arg(long, value_name = r"DOMAIN\USER", group = "account_choice")]
    pub(crate) create_account: Option<String>,
    /// Keep the service's account and reset its password
    #[arg(long, group = "account_choice")]
    pub(crate) reset_password: bool,
    /// Have the program make the new password
    #[arg(long)]
    pub(crate) generate_password: bool,
    /// Folder on the server for backups
    #[arg(long, value_name = "FOLDER", default_value = r"C:\ProgramData\mailsec\backup")]
    pub(crate) backup_to: String,
    /// Do not back the settings up; say why
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub(crate) skip_backup: Option<String>,
    /// VIPRE: where the exported custom rules will lie
    /// [default: C:\ProgramData\mailsec\export\custom-rules.export]
    #[arg(long, value_name = "PATH")]
    pub(crate) rules_export: Option<String>,
    /// VIPRE: there are no custom rules to export; say how you know
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub(crate) no_rules: Option<String>,
    /// Mail while the agents are detached: held, or let through unscanned
    #[arg(long, value_enum, default_value_t = Unscanned::Hold)]
    pub(crate) unscanned: Unscanned,
    /// Prove at the end that mail is scanned, with the harmless EICAR test file
    /// [default where config.json has `pickup`]
    #[arg(long)]
    pub(crate) prove_scanning: bool,
    /// Seconds that mail may be held or down in all [default: made from the steps]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_stopped: Option<u64>,
    /// Seconds that mail may flow unscanned in all [default: made from the steps]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_unscanned: Option<u64>,
    /// Folder on the server for installers' logs
    #[arg(long, value_name = "FOLDER", default_value = r"C:\ProgramData\mailsec\logs")]
    pub(crate) logs: String,
    /// Which part this server has in its cluster, where the nodes share their configuration
    #[arg(long, value_enum, value_name = "ROLE")]
    pub(crate) node_role: Option<Role>,
}

/// A server's part in its cluster.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// Upgraded first, and imports the whole configuration
    First,
    /// Imports only what the cluster does not share
    Other,
}

/// A way to upgrade.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MethodName {
    /// Export, uninstall, restart, install, import
    Manual,
    /// Install over what is there
    InPlace,
    /// By the vendor's management server
    Remote,
    /// Several servers as one
    Cluster,
}

/// Mail while the agents are detached.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Unscanned {
    /// Senders keep it
    Hold,
    /// It flows past the product
    Allow,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Write the plan to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Say of each step what it does, why, and what becomes of it when power fails
    #[arg(long)]
    pub(crate) explain: bool,
    /// Show this plan instead of making one
    #[arg(long, value_name = "FILE", conflicts_with = "installer")]
    pub(crate) plan: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Write the facts to this file [default: beside the journal, where `rehearse` finds them]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RehearseArgs {
    /// The plan, made by `plan --out`
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// The facts of its server, made by `capture --out` [default: those that `plan` has kept beside the journal]
    #[arg(long, value_name = "FILE")]
    pub(crate) captured: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Run this plan, made by `plan --out`
    #[arg(long, value_name = "FILE", conflicts_with = "installer")]
    pub(crate) plan: Option<PathBuf>,
    /// Do not ask before beginning
    #[arg(long)]
    pub(crate) yes: bool,
}
