//! Where secrets come from: the environment, a file that only its owner can read, the system's store of credentials, or
//! the keyboard. Never arguments.

use super::{State, config::Config, credential, host::Which};
use crate::{args::Common, otlp::HEADERS, output};
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    failure::Code,
    host::{Answer, Secrets},
    values::{Secret, SecretRef},
};
use std::{borrow::Borrow, collections::BTreeMap, io::IsTerminal, path::Path};

/// The secrets that were given.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    values: BTreeMap<SecretRef, Secret>,
}

impl Sources {
    /// Reads the sources that `--secret` names.
    pub(crate) fn read(common: &Common) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        for text in &common.secrets {
            let (name, value) = match source(text) {
                Err(failure) if text.split_once('=').is_some_and(|(name, _)| name == HEADERS) => {
                    // As with the place itself: what is exported must not keep an upgrade down.
                    output::say(&output::describe(&failure));
                    continue;
                }
                read => read?,
            };
            values.insert(SecretRef::new(name), value);
        }
        Ok(Self { values })
    }

    /// As [`Sources::read`], and asks at the keyboard for what it takes to look at the server itself: the passwords
    /// by which the directory and the probes' mailbox are read.
    pub(crate) fn for_server(common: &Common) -> Result<Self, Failure> {
        let mut sources = Self::read(common)?;
        sources.ask(&of_host(common)?, common)?;
        Ok(sources)
    }

    /// Whether this one was given.
    pub(crate) fn has(&self, name: &SecretRef) -> bool {
        self.values.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &SecretRef> {
        self.values.keys()
    }

    /// The secret that was given although the program makes it, under its own name or the one that it is known by: what
    /// the program makes has the time of its plan behind that.
    pub(crate) fn given_for(&self, made: &SecretRef) -> Option<&SecretRef> {
        let known_by = |given: &&SecretRef| {
            let rest = made.as_str().strip_prefix(given.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.values.keys().find(known_by)
    }

    pub(crate) fn values(&self) -> BTreeMap<SecretRef, Secret> {
        self.values.clone()
    }

    /// The same behind the port.
    pub(crate) fn given(&self) -> Given {
        Given(self.values())
    }

    /// Asks at the keyboard for what is missing. Without a keyboard it stays missing, and a gate asks later.
    pub(crate) fn ask<N: Borrow<SecretRef>>(&mut self, names: &[N], common: &Common) -> Result<(), Failure> {
        if common.no_input || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        for name in names.iter().map(Borrow::borrow) {
            if self.values.contains_key(name) {
                continue;
            }
            let typed = typed(&format!("{name}: "))?;
            if !typed.is_empty() {
                self.values.insert(name.clone(), Secret::new(typed));
            }
        }
        Ok(())
    }
}

/// What somebody types at the keyboard without seeing it.
fn typed(prompt: &str) -> Result<String, Failure> {
    output::settle();
    rpassword::prompt_password(prompt).map_err(|error| output::system("the keyboard cannot be read", error))
}

/// The secrets that were given, and no others.
pub(crate) struct Given(BTreeMap<SecretRef, Secret>);

#[async_trait]
impl Secrets for Given {
    async fn get(&self, name: &SecretRef) -> Answer<Option<Secret>> {
        Ok(self.0.get(name).cloned())
    }
}

/// The secrets without which the server, or its mail, cannot be looked at.
fn of_host(common: &Common) -> Result<Vec<SecretRef>, Failure> {
    // No server, no secrets; the command itself says what is missing.
    let Ok(which @ (Which::Windows | Which::Simulated(_))) = Which::parse(common) else {
        return Ok(Vec::new());
    };
    // What is wrong with it is for whoever needs the server to say.
    let Ok(config) = Config::read(common, &State::of(common, &which)?) else { return Ok(Vec::new()) };
    let mailbox = config.pickup.map(|pickup| pickup.secret);
    // A simulated server has a directory of its own.
    let directory = config.directory.filter(|_| matches!(which, Which::Windows));
    let directory = directory.map(|directory| directory.bind_secret);
    Ok(directory.into_iter().chain(mailbox).collect())
}

impl Sources {
    /// Asks at the keyboard for a password that nobody has yet, twice: whoever mistypes it once would not know it.
    pub(crate) fn ask_new(&mut self, name: &SecretRef, common: &Common) -> Result<(), Failure> {
        if self.has(name) {
            return Ok(());
        }
        self.ask(&[name], common)?;
        let Some(first) = self.values.get(name) else { return Ok(()) };
        let again = typed(&format!("{name}, again: "))?;
        if Secret::new(again).expose() == first.expose() {
            return Ok(());
        }
        Err(Failure::new(Code::BadArgument, "the two passwords differ").hint("nothing was changed"))
    }
}

fn source(text: &str) -> Result<(&str, Secret), Failure> {
    let wrong = || {
        // The text is not repeated: somebody may have typed the secret itself.
        Failure::new(Code::BadArgument, "--secret does not name a source")
            .expected("NAME=env:VARIABLE, NAME=file:PATH or NAME=credential:TARGET")
            .hint("secrets are never given in arguments, which every user of the machine can see")
    };
    let (name, from) = text.split_once('=').ok_or_else(wrong)?;
    let value = match from.split_once(':').ok_or_else(wrong)? {
        ("env", variable) => std::env::var(variable).map_err(|_| {
            // The cause would show a value that is not Unicode.
            Failure::new(Code::SecretMissing, format!("the secret {name} is not in the environment"))
                .expected(format!("the variable {variable}, in Unicode"))
                .hint("set it for this program alone, or use NAME=file:PATH")
        })?,
        ("file", path) => file(name, Path::new(path))?,
        ("credential", target) => credential::find(name, target)?,
        _ => return Err(wrong()),
    };
    if value.is_empty() {
        return Err(Failure::new(Code::SecretMissing, format!("the secret {name} is empty"))
            .expected("at least one character")
            .hint("see that its source has been filled"));
    }
    Ok((name, Secret::new(value)))
}

fn file(name: &str, path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(Code::SecretMissing, format!("the file with the secret {name} cannot be read"))
            .expected("a file that holds the secret and nothing else")
            .found(path.display().to_string())
            .cause(error)
    };
    if path.is_dir() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    read_by_others(path).map_err(unreadable)?.map_or(Ok(()), Err)?;
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    // Editors put a mark before the text and a line end behind it; neither is part of a password.
    Ok(text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).to_owned())
}

/// A failure when others than its owner can read the file, which holds a secret.
#[cfg(unix)]
pub(crate) fn read_by_others(path: &Path) -> std::io::Result<Option<Failure>> {
    use std::os::unix::fs::MetadataExt;
    let mode = std::fs::metadata(path)?.mode() & 0o777;
    Ok((mode & 0o077 != 0).then(|| {
        Failure::new(Code::AccessDenied, "the file with the secret can be read by others")
            .expected("mode 600")
            .found(format!("mode {mode:o}, {}", path.display()))
            .hint("chmod 600, and change the secret if others use this machine")
    }))
}

#[cfg(windows)]
pub(crate) fn read_by_others(path: &Path) -> std::io::Result<Option<Failure>> {
    mailsec_windows::private::check_unread(path).map(Result::err)
}
