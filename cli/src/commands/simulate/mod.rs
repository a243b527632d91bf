//! `simulate`: the explorer, for whoever wants to see for themselves. Needs no server and no journal.

mod bundle;
mod explore;
mod replay;
mod swarm;

use crate::{
    args::{MediumName, Scope, SimulateCommand},
    nearest::did_you_mean,
    output::Reply,
};
use mailsec_core::{Code, Failure, product::MailSecurityProduct};
use mailsec_eset::Eset;
use mailsec_simulator::{
    cases::{self, Case},
    explore::{Medium, parallel},
    swarm::Arena,
};
use mailsec_vipre::Vipre;
use serde_json::json;

/// The products that cases are planned by.
const PRODUCTS: [&dyn MailSecurityProduct; 2] = [&Vipre, &Eset];

pub(crate) fn simulate(command: SimulateCommand) -> Result<Reply, Failure> {
    match command {
        SimulateCommand::Cases => list(),
        SimulateCommand::Explore(args) => explore::explore(&args),
        SimulateCommand::Swarm(args) => swarm::swarm(&args),
        SimulateCommand::Replay { file } => replay::replay(&file),
    }
}

fn list() -> Result<Reply, Failure> {
    let names: Vec<&str> = cases::all().map(|case| case.name).collect();
    Ok(Reply::new(names.join("\n"), json!({ "cases": names })))
}

impl Scope {
    fn threads(&self) -> usize {
        self.threads.map_or_else(parallel::cores, usize::from)
    }

    fn medium(&self) -> Medium {
        match self.medium {
            MediumName::Typed => Medium::Typed,
            MediumName::Sealed => Medium::Sealed,
            MediumName::Device => Medium::Device,
        }
    }

    fn arenas(&self) -> Result<Vec<Arena>, Failure> {
        if let Some(none) =
            self.cases.iter().find(|name| !cases::all().any(|case| case.name.starts_with(name.as_str())))
        {
            return Err(no_case(none));
        }
        let wanted = |case: &&Case| {
            self.cases.is_empty() || self.cases.iter().any(|name| case.name.starts_with(name.as_str()))
        };
        cases::all().filter(wanted).map(|case| Arena::of(&PRODUCTS, case, self.medium())).collect()
    }
}

fn no_case(name: &str) -> Failure {
    let failure = Failure::new(Code::BadArgument, "there is no such case")
        .found(format!("{name:?}"))
        .hint("`mailsec simulate cases` lists them");
    did_you_mean(failure, name, cases::all().map(|case| case.name))
}

/// A bar on a terminal, and nothing elsewhere.
fn bar(length: u64, what: &str) -> indicatif::ProgressBar {
    let style = indicatif::ProgressStyle::with_template("{msg}  {bar:30}  {pos} of {len}, {per_sec}")
        .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
    indicatif::ProgressBar::new(length).with_style(style).with_message(what.to_owned())
}
