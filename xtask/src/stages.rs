//! The stages, in their order: what takes seconds first, what takes minutes last.

use crate::{
    arguments::Options,
    axe, book, build, dependencies, error_pages, links, needs,
    run::{Checked, Shop},
    swarm, words,
};
use std::time::{Duration, Instant};

/// One stage.
pub(crate) struct Stage {
    /// Its name, for `--only` and `--skip`.
    pub(crate) name: &'static str,
    /// What it checks.
    pub(crate) what: &'static str,
    run: fn(&Shop) -> Checked,
}

/// All of them.
pub(crate) const ALL: &[Stage] = &[
    Stage { name: "lock", what: "Cargo.lock fits the manifests", run: build::lock },
    Stage { name: "words", what: "no path of a build machine, no mark of a merge", run: words::check },
    Stage { name: "links", what: "links between pages lead somewhere", run: links::check },
    Stage {
        name: "errors",
        what: "every error code has its page, every page its code",
        run: error_pages::check,
    },
    Stage {
        name: "dependencies",
        what: "licences, sources and duplicates, by deny.toml",
        run: dependencies::check,
    },
    Stage { name: "needs", what: "what the other stages need is installed", run: needs::check },
    Stage {
        name: "book",
        what: "the book builds, has every page, and its links lead somewhere",
        run: book::check,
    },
    Stage { name: "fmt", what: "the code is formatted", run: build::fmt },
    Stage { name: "clippy", what: "no lint complains", run: build::clippy },
    Stage {
        name: "clippy-windows",
        what: "no lint complains about what Windows alone compiles",
        run: build::clippy_windows,
    },
    Stage { name: "test", what: "tests of every crate, and those in the documentation", run: build::test },
    Stage { name: "axe", what: "everybody can use the pages that the program writes", run: axe::check },
    Stage { name: "swarm", what: "a minute of random trouble that nobody has met before", run: swarm::check },
    Stage { name: "lab", what: "tests on a Windows machine of their own, under Wine", run: build::lab },
    Stage { name: "doc", what: "the documentation of the code builds", run: build::doc },
];

/// How a stage ended.
pub(crate) enum Result {
    Passed(String),
    Failed(String),
    /// Not asked for, or an earlier one failed.
    NotRun,
}

/// A stage that was reached, or not.
pub(crate) struct Ran {
    pub(crate) name: &'static str,
    pub(crate) result: Result,
    pub(crate) took: Duration,
}

/// Runs the stages that are wanted, up to the first that fails.
pub(crate) fn run(shop: &Shop, options: &Options) -> Vec<Ran> {
    let mut failed = false;
    let wanted = ALL.iter().filter(|stage| options.wants(stage.name)).count();
    let mut begun = 0;
    ALL.iter()
        .map(|stage| {
            if !options.wants(stage.name) || (failed && !options.keep_going) {
                return Ran { name: stage.name, result: Result::NotRun, took: Duration::ZERO };
            }
            begun += 1;
            println!("\n[{begun}/{wanted}] {}: {}", stage.name, stage.what);
            let since = Instant::now();
            let result = match (stage.run)(shop) {
                Ok(remark) => Result::Passed(remark),
                Err(why) => {
                    failed = true;
                    eprintln!("{why}");
                    Result::Failed(why)
                }
            };
            let took = since.elapsed();
            println!(
                "[{begun}/{wanted}] {}: {} after {:.1} s",
                stage.name,
                word(&result),
                took.as_secs_f64()
            );
            Ran { name: stage.name, result, took }
        })
        .collect()
}

/// The result in a word.
pub(crate) fn word(result: &Result) -> &'static str {
    match result {
        Result::Passed(_) => "passed",
        Result::Failed(_) => "FAILED",
        Result::NotRun => "not run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, path::PathBuf};

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = ALL.iter().map(|stage| stage.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn a_stage_that_is_not_wanted_is_not_run() {
        let shop = Shop { root: PathBuf::new(), ci: false, install: false };
        let options =
            Options { skip: ALL.iter().map(|stage| stage.name.to_owned()).collect(), ..Options::default() };
        let ran = run(&shop, &options);
        assert_eq!(ran.len(), ALL.len());
        assert!(ran.iter().all(|ran| matches!(ran.result, Result::NotRun)));
    }
}
