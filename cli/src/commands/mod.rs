//! One file per command, or per family.

mod account;
mod capture;
mod certify;
mod cluster;
mod demo;
mod detect;
mod drive;
mod idle;
mod interrupt;
mod journal;
mod man;
mod methods;
mod plan;
mod probe;
mod rehearse;
mod remote;
mod report;
mod request;
mod run;
mod schema;
mod serve;
mod service;
mod settings;
mod simulate;
mod status;
mod support;
mod survey;
mod wanted;
mod watch;
mod world;

use crate::{
    args::{Cli, Command, Common},
    output::Reply,
    people::actor,
    place::{Site, Sources},
    products::{REHEARSABLE, VERSION, product, products},
    requests::answer_by,
};
use clap::CommandFactory;
use mailsec_core::Failure;

#[cfg(test)]
pub(crate) use schema::text as schema_text;
#[cfg(windows)]
pub(crate) use service::start_log as start_service_log;

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> Result<Reply, Failure> {
    let common = cli.common;
    match cli.command {
        Command::Detect => detect::detect(&common).await,
        Command::Methods => methods::methods(&common).await,
        Command::Check(args) => detect::check(&common, &args).await,
        Command::Plan(args) => plan::plan(&common, args).await,
        Command::Capture(args) => capture::capture(&common, &args).await,
        Command::Rehearse(args) => rehearse::rehearse(&common, &args),
        Command::Probe(args) => probe::probe(&common, &args).await,
        Command::Run(args) => run::run(&common, args).await,
        Command::Status(args) if args.watch => watch::watch(&common, &args).await,
        Command::Status(args) => status::status(&common, &args),
        Command::Answer(args) => answer_by(&common, &args, &actor()).await,
        Command::Resume(which) => drive::resume(&common, &which).await,
        Command::Pause(of) => request::request(&common, &of, mailsec_core::upgrade::Request::Pause).await,
        Command::Cancel(of) => request::request(&common, &of, mailsec_core::upgrade::Request::Cancel).await,
        Command::Rollback(of) => {
            request::request(&common, &of, mailsec_core::upgrade::Request::RollBack).await
        }
        Command::Abandon(of) => request::request(&common, &of, mailsec_core::upgrade::Request::Abandon).await,
        Command::Remote(command) => remote::remote(&common, command).await,
        Command::Account(command) => account::account(&common, command).await,
        Command::Report(args) => report::report(&common, &args),
        Command::Serve(args) => serve::serve(&common, &args).await,
        Command::Settings(command) => settings::settings(&common, command),
        Command::Journal(command) => journal::journal(&common, command).await,
        Command::Cluster(command) => cluster::cluster(&common, command).await,
        Command::Service(command) => service::service(&common, &command).await,
        Command::Simulate(command) => simulate::simulate(command),
        Command::World(command) => world::world(&common, command),
        Command::Demo(args) => demo::demo(args),
        Command::Certify(args) => certify::certify(&common, &args),
        Command::Schema { of } => Ok(schema::schema(of.into())),
        Command::Man { out } => man::man(&out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "mailsec", &mut script);
            let text = String::from_utf8_lossy(&script).into_owned();
            Ok(Reply::new(text.clone(), serde_json::json!({ "script": text })))
        }
    }
}

/// The server, with the secrets that were given.
pub(crate) fn site(common: &Common) -> Result<(Site, Sources), Failure> {
    let secrets = Sources::for_server(common)?;
    Ok((Site::open(common, &secrets)?, secrets))
}
