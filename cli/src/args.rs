//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const AFTER: &str = "\
Try it without a server:
  mailsec demo

On the Exchange server, as an administrator:
  mailsec detect
  mailsec check  --installer C:\\Install\\vipre.exe
  mailsec plan   --installer C:\\Install\\vipre.exe --out plan.json --explain
  mailsec run    --plan plan.json
  mailsec status
  mailsec resume

Exit codes: 0 done, 1 failed, 2 usage, 10 gate waiting, 11 restart pending, 12 paused, 20 rolled back,
21 in doubt, 22 abandoned, 30 refused and nothing changed, 31 journal held by another process, 40 journal,
50 settings were lost or changed.";

/// Takes an Exchange server from one version of its mail-security product to the next, and survives everything on
/// the way.
#[derive(Debug, Parser)]
#[command(name = "mailsec", version, after_help = AFTER, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Which server: `windows` for this machine, `sim:FOLDER` for a simulated one, `eset-connect:REGION` for those of a
    /// management server
    #[arg(long, global = true, env = "MAILSEC_HOST", value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// Where the journal lies [default: %ProgramData%\mailsec, or the simulated server's folder]
    #[arg(long, global = true, env = "MAILSEC_STATE", value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
    /// What cannot be found out on the server: the directory, where transport listens [default: config.json beside
    /// the journal]
    #[arg(long, global = true, env = "MAILSEC_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Which product, where several are installed: `vipre`, `eset`
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) product: Option<String>,
    /// Never ask; what needs a person waits at a gate
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Log more to stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Simulated servers: how many times faster than real time [default: as fast as possible]
    #[arg(long, global = true, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) speed: Option<u32>,
    /// Where a secret comes from: `NAME=env:VARIABLE` or `NAME=file:PATH`; else it is asked for
    #[arg(long = "secret", global = true, value_name = "SOURCE")]
    pub(crate) secrets: Vec<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the Exchange server and the product that is installed
    Detect,
    /// Show the ways to upgrade each product, and which of them apply to this server
    Methods,
    /// Look for what would stand in an upgrade's way; changes nothing
    Check(RequestArgs),
    /// Make a plan and show it; changes nothing
    Plan(PlanArgs),
    /// Show a plan, ask, and run it
    Run(RunArgs),
    /// Show where an upgrade stands
    Status(WhichArgs),
    /// Answer a gate
    Answer(AnswerArgs),
    /// Take an upgrade up again, after a crash, a restart, a pause or an answer
    Resume(WhichArgs),
    /// Stop at the next safe point; `resume` goes on
    Pause(RequestOf),
    /// Stop at the next safe point and take back what was done
    Cancel(RequestOf),
    /// Take back what was done
    Rollback(RequestOf),
    /// Stop at the next safe point and leave the server as it is
    Abandon(RequestOf),
    /// Upgrade servers by their management server
    #[command(subcommand)]
    Remote(RemoteCommand),
    /// Show what happened, from the journal
    Report(ReportArgs),
    /// Read and compare exported settings of ESET Mail Security; needs no server
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Read, check, export and import the journal
    #[command(subcommand)]
    Journal(JournalCommand),
    /// The nodes of a cluster, one after the other
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// The Windows service that takes an upgrade up after a restart
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Simulated servers, to try things out
    #[command(subcommand)]
    World(WorldCommand),
    /// Watch an upgrade lose its power in the middle, and finish
    Demo(DemoArgs),
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
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
    #[arg(long, value_name = "REASON")]
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
    #[arg(long, value_name = "REASON")]
    pub(crate) skip_backup: Option<String>,
    /// VIPRE: where the exported custom rules will lie
    /// [default: C:\ProgramData\mailsec\export\custom-rules.export]
    #[arg(long, value_name = "PATH")]
    pub(crate) rules_export: Option<String>,
    /// VIPRE: there are no custom rules to export; say how you know
    #[arg(long, value_name = "REASON")]
    pub(crate) no_rules: Option<String>,
    /// Mail while the agents are detached: held, or let through unscanned
    #[arg(long, value_enum, default_value_t = Unscanned::Hold)]
    pub(crate) unscanned: Unscanned,
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
    /// Seconds for which a task is looked for when its creation is in doubt; the server may take up to 180
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub(crate) settle: u64,
    /// Write the plan to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Say of each step what it does, why, and what becomes of it when power fails
    #[arg(long)]
    pub(crate) explain: bool,
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

/// Which upgrade.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhichArgs {
    /// Its id [default: the one that is not finished, else the last]
    #[arg(long, value_name = "ID")]
    pub(crate) upgrade: Option<String>,
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
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show what is in an export: product, signature, sections, lists, rules
    Show {
        /// The export
        file: PathBuf,
    },
    /// Say what an upgrade preserved, changed and lost. Exit code 50 when something was lost or changed
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The export from before
    pub(crate) before: PathBuf,
    /// The export from after
    pub(crate) after: PathBuf,
    /// Nothing is expected to be preserved below this path; as often as wanted
    #[arg(long, value_name = "PATH")]
    pub(crate) not_migrated: Vec<String>,
    /// The form of the answer [default: text, or json with --json]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DiffFormat>,
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The form of a comparison.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For a terminal
    Text,
    /// For a program
    Json,
    /// One page for a browser, to read or to print
    Html,
}

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
