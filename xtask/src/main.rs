#![forbid(unsafe_code)]
// Printing is what this program is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]
//! The project's own tool: `cargo xtask test` is everything that is checked before a change is taken.

mod arguments;
mod axe;
mod book;
mod build;
mod deny;
mod dependencies;
mod error_pages;
mod files;
mod licence;
mod links;
mod metadata;
mod needs;
mod run;
mod slug;
mod stages;
mod summary;
mod swarm;
mod words;

use arguments::Asked;
use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let ci = env::var("CI").is_ok_and(|value| value == "true");
    let asked = match arguments::parse(env::args().skip(1), ci) {
        Ok(asked) => asked,
        Err(why) => {
            eprintln!("error: {why}\n\n{}", arguments::help());
            return ExitCode::from(2);
        }
    };
    let options = match asked {
        Asked::Help => {
            println!("{}", arguments::help());
            return ExitCode::SUCCESS;
        }
        Asked::Test(options) => options,
    };
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shop = run::Shop { root: own.parent().unwrap_or(own).to_owned(), ci, install: options.install };
    if summary::print(&stages::run(&shop, &options)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
