//! What was asked on the command line.

use crate::stages;
use std::fmt::Write as _;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Help,
    Test(Options),
}

/// How to test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Only these stages; all when empty.
    pub(crate) only: Vec<String>,
    /// Not these.
    pub(crate) skip: Vec<String>,
    /// Install what is missing.
    pub(crate) install: bool,
    /// Run the stages after a failed one, too.
    pub(crate) keep_going: bool,
}

impl Options {
    /// Whether a stage is wanted.
    pub(crate) fn wants(&self, stage: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|name| name == stage))
            && !self.skip.iter().any(|name| name == stage)
    }
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(mut arguments: impl Iterator<Item = String>, ci: bool) -> Result<Asked, String> {
    match arguments.next().as_deref() {
        Some("test") => {}
        None | Some("help" | "--help" | "-h") => return Ok(Asked::Help),
        Some(other) => return Err(format!("there is no command {other:?}")),
    }
    let mut options = Options { install: true, ..Options::default() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--no-install" => options.install = false,
            "--keep-going" => options.keep_going = true,
            "--help" | "-h" => return Ok(Asked::Help),
            flag @ ("--only" | "--skip") => {
                // A stage that is left out there would look like one that passed.
                if ci {
                    return Err(format!("{flag} is refused while CI=true: nothing is left out there"));
                }
                let stage = arguments.next().ok_or_else(|| format!("{flag} needs the name of a stage"))?;
                if !stages::ALL.iter().any(|known| known.name == stage) {
                    return Err(format!("there is no stage {stage:?}"));
                }
                if flag == "--only" { &mut options.only } else { &mut options.skip }.push(stage);
            }
            other => return Err(format!("there is no option {other:?}")),
        }
    }
    Ok(Asked::Test(options))
}

/// The help text.
pub(crate) fn help() -> String {
    let mut text = "\
cargo xtask test [OPTIONS]   everything that is checked before a change is taken
cargo xtask help             this text

Options:
  --only STAGE     only this stage; may be given again
  --skip STAGE     not this stage; may be given again
  --no-install     say what is missing, install nothing
  --keep-going     go on after a stage that failed

With CI=true nothing can be left out, and what is missing fails.

Stages, in this order:"
        .to_owned();
    for stage in stages::ALL {
        // Writing to a String does not fail.
        let _written = write!(text, "\n  {:<16} {}", stage.name, stage.what);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str], ci: bool) -> Result<Asked, String> {
        parse(words.iter().map(|word| (*word).to_owned()), ci)
    }

    fn options(words: &[&str]) -> Options {
        match parsed(words, false) {
            Ok(Asked::Test(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_a_command_there_is_help() {
        for words in [&[][..], &["help"], &["--help"], &["test", "-h"]] {
            assert_eq!(parsed(words, false), Ok(Asked::Help));
        }
    }

    #[test]
    fn stages_are_chosen_by_name() {
        let only = options(&["test", "--only", "fmt", "--only", "doc"]);
        assert!(only.wants("fmt") && only.wants("doc") && !only.wants("test"));
        let skip = options(&["test", "--skip", "lab"]);
        assert!(skip.wants("fmt") && !skip.wants("lab"));
        assert!(skip.install && !options(&["test", "--no-install"]).install);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for words in
            [&["build"][..], &["test", "--fast"], &["test", "--only"], &["test", "--only", "no-such-stage"]]
        {
            assert!(parsed(words, false).is_err(), "{words:?}");
        }
    }

    #[test]
    fn nothing_is_left_out_in_ci() {
        assert!(parsed(&["test", "--skip", "lab"], true).is_err());
        assert!(parsed(&["test", "--only", "lab"], true).is_err());
        assert!(parsed(&["test", "--keep-going"], true).is_ok());
    }
}
