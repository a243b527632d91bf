#![forbid(unsafe_code)]
//! The explorer with the products of this workspace, and clusters of servers.

mod cluster;
mod cluster_sweep;
mod page;

pub use cluster::{Cluster, Member, Members, again};
pub use cluster_sweep::{Swept, every_point_of_the_nodes, every_point_of_the_run};
pub use page::named_tests;

pub use mailsec_simulator::{
    cases::{
        self, Case, eset,
        vipre::{ALL, request},
    },
    explore::{
        Calm, Crash, End, Explored, Subject, Takes, Trial, check, every_pair, every_point, ledger_agrees,
        parallel, settled, unchanged,
    },
    oracle::accounts_work,
    people::{self, Person, Secrets, given, installs, items, obliging, saves_rules},
};

use mailsec_core::product::{Finding, MailSecurityProduct, UpgradeRequest};
use mailsec_eset::Eset;
use mailsec_simulator::World;
use mailsec_vipre::Vipre;

/// The products, of which one is installed.
pub const PRODUCTS: [&dyn MailSecurityProduct; 2] = [&Vipre, &Eset];

/// A plan by its name.
///
/// # Panics
/// When there is none of that name, or no plan can be made.
#[must_use]
pub fn subject(name: &str) -> Subject {
    let case = cases::case(name).unwrap_or_else(|| panic!("no case {name:?}"));
    planned(&case)
}

/// A case, planned.
///
/// # Panics
/// When no plan can be made.
#[must_use]
pub fn planned(case: &Case) -> Subject {
    case.subject(&PRODUCTS).unwrap_or_else(|findings| panic!("{}: no plan: {findings:?}", case.name))
}

/// Surveys a world and plans, with the service account's present password.
///
/// # Errors
/// The findings that forbid it.
pub fn plan(world: World, request: &UpgradeRequest) -> Result<Trial, Vec<Finding>> {
    plan_with(world, request, given())
}

/// As [`plan`], with other secrets.
///
/// # Errors
/// As [`plan`].
pub fn plan_with(world: World, request: &UpgradeRequest, secrets: Secrets) -> Result<Trial, Vec<Finding>> {
    Trial::plan(&PRODUCTS, world, request, secrets)
}

/// Crashes once at each point of each of these plans, both ways.
///
/// # Panics
/// With everything that went wrong.
#[allow(clippy::print_stdout, reason = "seen with --nocapture only")]
pub fn survive_every_point(cases: &[Case]) {
    assert!(!cases.is_empty(), "no plan of that name");
    let mut wrong = Vec::new();
    for case in cases {
        let subject = planned(case);
        let calm = Calm::of(&subject).unwrap_or_else(|why| panic!("{why}"));
        let mut all = Explored::default();
        for crash in Crash::BOTH {
            all.add(every_point(&subject, &calm, crash, parallel::cores()));
        }
        println!("{}: {all}", case.name);
        wrong.extend(all.complaints(case.name));
    }
    report(&wrong);
}

/// Crashes twice at the pairs of points that `pick` takes, both ways.
///
/// # Panics
/// With everything that went wrong.
#[allow(clippy::print_stdout, reason = "seen with --nocapture only")]
pub fn survive_pairs(name: &str, pick: impl Fn(usize, usize) -> bool + Sync) {
    let subject = subject(name);
    let calm = Calm::of(&subject).unwrap_or_else(|why| panic!("{why}"));
    let mut all = Explored::default();
    for crash in Crash::BOTH {
        all.add(every_pair(&subject, &calm, crash, parallel::cores(), &pick));
    }
    println!("{name}, pairs: {all}");
    report(&all.complaints(name));
}

/// Fails with everything that went wrong, one line each.
///
/// # Panics
/// When something did.
pub fn report(wrong: &[String]) {
    let shown: Vec<&str> = wrong.iter().take(12).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), shown.join("\n"));
}
