//! The command line: one file per command, or per family.

mod account;
mod certify;
mod cluster;
mod journal;
mod probe;
mod remote;
mod request;
mod schema;
mod serve;
mod service;
mod settings;
mod simulate;
mod upgrade;
mod world;

pub(crate) use account::{AccountCommand, NewPasswordArgs};
pub(crate) use certify::CertifyArgs;
pub(crate) use cluster::{ClusterCommand, ClusterPlanArgs, ClusterRunArgs};
pub(crate) use journal::JournalCommand;
pub(crate) use probe::ProbeArgs;
pub(crate) use remote::{RemoteCommand, RemotePlanArgs};
pub(crate) use request::{
    CaptureArgs, MethodName, PlanArgs, RehearseArgs, RequestArgs, Role, RunArgs, Unscanned,
};
pub(crate) use schema::SchemaOf;
pub(crate) use serve::ServeArgs;
pub(crate) use service::ServiceCommand;
pub(crate) use settings::{DiffArgs, DiffFormat, SettingsCommand};
pub(crate) use simulate::{ExploreArgs, MediumName, Scope, SimulateCommand, SwarmArgs};
pub(crate) use upgrade::{AllItems, AnswerArgs, ReportArgs, ReportFormat, RequestOf, StatusArgs, WhichArgs};
pub(crate) use world::{Deed, DemoArgs, WorldCommand};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const AFTER: &str = "\
Try it without a server:
  mailsec demo

On the Exchange server, as an administrator:
  mailsec detect
  mailsec check  --installer C:\\Install\\vipre.exe
  mailsec plan   --installer C:\\Install\\vipre.exe --out plan.json --explain
  mailsec rehearse plan.json
  mailsec run    --plan plan.json
  mailsec status
  mailsec resume

Exit codes:
   0  done; of an upgrade: it succeeded
   1  failed
   2  the command line is wrong
  10  a gate of the plan waits for an answer
  11  the server restarts
  12  paused
  20  rolled back
  21  a step failed or is in doubt, and a gate waits for an answer
  22  abandoned
  30  refused; nothing was changed
  31  another process holds the journal
  40  the journal is damaged, or cannot be read or written
  50  settings were lost or changed
  51  a rehearsal went wrong
  60  a simulated upgrade broke a rule
  61  a replay departed from the record
 130  interrupted, by Ctrl-C say; `mailsec resume` goes on";

/// Takes an Exchange server from one version of its mail-security product to the next, and survives everything on
/// the way.
#[derive(Debug, Parser)]
#[command(name = "mailsec", version, after_help = AFTER, term_width = crate::show::columns())]
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
    /// What cannot be found out on the server: the directory, where transport listens, the mailbox of probes [default: config.json beside
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
    /// Write the log of an upgrade to this file alone [default: logs\mailsec.log and logs\mailsec.jsonl beside the
    /// journal]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// The form of that file [default: json where its name ends in .json or .jsonl, else human]
    #[arg(long, global = true, value_enum, value_name = "FORM", requires = "log")]
    pub(crate) log_format: Option<LogFormat>,
    /// Export an upgrade's trace and log records to a collector of OpenTelemetry, by OTLP over HTTP; headers come from
    /// `--secret otlp-headers=...`
    #[arg(long, global = true, env = "MAILSEC_OTLP", value_name = "URL")]
    pub(crate) otlp: Option<String>,
    /// Simulated servers: how many times faster than real time [default: as fast as possible]
    #[arg(long, global = true, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) speed: Option<u32>,
    /// Where a secret comes from: `NAME=env:VARIABLE`, `NAME=file:PATH`, or `NAME=credential:TARGET` of this account's credential store; else it is asked for
    #[arg(long = "secret", global = true, value_name = "SOURCE")]
    pub(crate) secrets: Vec<String>,
}

/// The form of a log.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for each record, for people
    Human,
    /// A JSON object on a line for each record
    Json,
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
    /// Write down what a plan is made from: the server's facts, without secrets; changes nothing
    Capture(CaptureArgs),
    /// Try a plan on a copy of its server: every crash, every fault, every way back; changes nothing
    Rehearse(RehearseArgs),
    /// Send a message through the server, and with --eicar see whether mail is scanned
    Probe(ProbeArgs),
    /// Show a plan, ask, and run it
    Run(RunArgs),
    /// Show where an upgrade stands
    Status(StatusArgs),
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
    /// The account of a product's service, by hand: check, create, reset its password
    #[command(subcommand)]
    Account(AccountCommand),
    /// Show what happened, from the journal
    Report(ReportArgs),
    /// Show upgrades on a local web page, and take answers there
    Serve(ServeArgs),
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
    /// Upgrade simulated servers under every crash and any trouble; needs no server
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Simulated servers, to try things out
    #[command(subcommand)]
    World(WorldCommand),
    /// Watch an upgrade lose its power in the middle, and finish
    Demo(DemoArgs),
    /// Put a vendor's crate through the checks that every vendor must pass; needs no server
    Certify(CertifyArgs),
    /// Print the JSON schema of what this program writes: for programs that read it
    Schema {
        /// Of what
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Write the manual's pages, one for each command, for `man`
    Man {
        /// The folder, which is made
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}
