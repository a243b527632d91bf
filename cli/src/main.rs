#![forbid(unsafe_code)]
//! The command `mailsec`.
//!
//! What a command answers goes to stdout; progress, questions and errors go to stderr. Exit codes are in [`exit`].

mod args;
#[cfg(test)]
mod book;
mod cluster;
mod commands;
mod exit;
mod logging;
mod nearest;
mod otlp;
mod output;
mod people;
mod place;
mod products;
mod requests;
mod serve;
mod show;
mod written;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error).into(),
    };
    let json = cli.common.json;
    if let Err(failure) = start_log(&cli) {
        return output::failed(&failure, json).into();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&output::system("the program cannot start", error), json).into(),
    };
    let answer = runtime.block_on(commands::run(cli));
    // A call of the system that hangs is not waited for: the program ends because of it.
    runtime.shutdown_background();
    match answer {
        Ok(reply) => output::reply(&reply, json).into(),
        Err(failure) => output::failed(&failure, json).into(),
    }
}

fn start_log(cli: &args::Cli) -> Result<(), mailsec_core::Failure> {
    #[cfg(windows)]
    if let args::Command::Service(args::ServiceCommand::Run { .. }) = &cli.command {
        return commands::start_service_log(&cli.common);
    }
    logging::start(&cli.common);
    Ok(())
}
