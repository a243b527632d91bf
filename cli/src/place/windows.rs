//! The Windows host, with what it cannot find out by itself.

use super::{Sources, State, host::Which};
use crate::args::Common;
use mailsec_core::{Failure, failure::Code, values::SecretRef};
use mailsec_windows::{DirectoryConfig, SecretSources, WindowsConfig, WindowsHost, private};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

/// The content of `config.json`; every field may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Where the transport service itself listens.
    smtp: Option<SocketAddr>,
    /// Whom the probe's message is for.
    smtp_recipient: Option<String>,
    /// The directory.
    directory: Option<DirectoryConfig>,
}

/// Creates the folder of the state if need be, for administrators only, before anything else is put there.
pub(crate) fn private_state(state: &State) -> Result<(), Failure> {
    private::private_folder(state.folder())?;
    check(state)
}

/// Nobody else may write what is worked by: a folder may have been open to others before it was closed, and who owns
/// something in it can change that again.
fn check(state: &State) -> Result<(), Failure> {
    private::check_private(state.folder())?;
    ["config.json", "facts", "inbox", "journal", "nodes.json", "orders", "plans", "rehearsals"]
        .iter()
        .try_for_each(|name| private::check_private(&state.folder().join(name)))
}

pub(crate) fn open(common: &Common, state: &State, sources: &Sources) -> Result<WindowsHost, Failure> {
    // Looking changes nothing, so the folder is not created here.
    check(state)?;
    let config = read(common.config.clone(), state)?;
    let secrets = SecretSources::new()
        .with_store(state.folder().join("secrets"))
        .from_variables(common.secrets.iter().filter_map(|text| variable(text)));
    for (name, secret) in sources.values() {
        secrets.set(name, secret);
    }
    let mut made = WindowsConfig { directory: config.directory, secrets, ..WindowsConfig::default() };
    if let Some(smtp) = config.smtp {
        made.smtp = smtp;
    }
    if let Some(recipient) = config.smtp_recipient {
        made.smtp_recipient = recipient;
    }
    WindowsHost::new(made)
}

/// The secrets without which the server cannot be looked at; none for a simulated one.
pub(crate) fn secrets_of_host(common: &Common) -> Result<Vec<SecretRef>, Failure> {
    match Which::parse(common)? {
        Which::Simulated(_) | Which::Connect(_) => Ok(Vec::new()),
        which @ Which::Windows => {
            let config = read(common.config.clone(), &State::of(common, &which))?;
            Ok(config.directory.into_iter().map(|directory| directory.bind_secret).collect())
        }
    }
}

/// The variable that a source such as `NAME=env:VARIABLE` is read from.
fn variable(source: &str) -> Option<String> {
    let (_, from) = source.split_once('=')?;
    from.strip_prefix("env:").map(str::to_owned)
}

/// A file that was named must be there; the default one need not.
fn read(named: Option<PathBuf>, state: &State) -> Result<Config, Failure> {
    let path = named.clone().unwrap_or_else(|| state.config());
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        Err(error) => {
            return Err(Failure::new(Code::FileUnreadable, "the configuration cannot be read")
                .found(path.display().to_string())
                .cause(error));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(Code::BadArgument, "the configuration is not as it must be")
            .expected("JSON with smtp, smtp_recipient, directory; see docs/configuration.md")
            .found(path.display().to_string())
            .cause(error)
    })
}
