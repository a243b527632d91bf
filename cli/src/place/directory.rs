//! Where accounts are looked at and changed by hand: a server with its directory, or the directory alone.

use super::{Site, Sources, State, config, connect, host::Which};
use crate::args::Common;
use mailsec_core::{
    Failure,
    failure::Code,
    host::{Elsewhere, Host},
    values::SecretRef,
};
use mailsec_windows::{DirectoryConfig, LdapDirectory, SecretSources, SystemClock};
use std::sync::Arc;

/// A place that has a directory.
pub(crate) enum AccountPlace {
    /// A server: its services can be given another log-on.
    Server(Box<Site>),
    /// Only the directory, from a machine that is no server.
    Directory(Box<Elsewhere>),
}

impl AccountPlace {
    /// The server that `--host` names; without `--host`, and not on Windows, the directory of the configuration alone.
    pub(crate) fn open(common: &Common, sources: &Sources) -> Result<Self, Failure> {
        if let Some(directory) = alone(common)? {
            let secrets = SecretSources::new();
            for (name, secret) in sources.values() {
                secrets.set(name, secret);
            }
            let name = format!("the directory of {}", directory.domain);
            let ldap = LdapDirectory::new(Some(directory), secrets.clone());
            let place = Elsewhere::new(name, Arc::new(SystemClock), Arc::new(secrets));
            return Ok(Self::Directory(Box::new(place.with_directory(Arc::new(ldap)))));
        }
        let site = Site::open(common, sources)?;
        site.server()?;
        Ok(Self::Server(Box::new(site)))
    }

    pub(crate) fn host(&self) -> &dyn Host {
        match self {
            Self::Server(site) => site.host(),
            Self::Directory(place) => place.as_ref(),
        }
    }

    /// Whether there are services.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }
}

/// The secret by which the directory is asked, where it is asked alone.
pub(crate) fn bind_secret(common: &Common) -> Result<Option<SecretRef>, Failure> {
    Ok(alone(common)?.map(|directory| directory.bind_secret))
}

fn alone(common: &Common) -> Result<Option<DirectoryConfig>, Failure> {
    if cfg!(windows) || common.host.is_some() {
        return Ok(None);
    }
    let state = State::of(common, &Which::Windows)?;
    let path = common.config.clone().unwrap_or_else(|| state.config());
    config::Config::read(common, &state)?.directory.map(Some).ok_or_else(|| {
        Failure::new(Code::BadArgument, "no directory was named")
            .expected("a configuration with `directory`, or --host")
            .found(path.display().to_string())
            .hint(format!("see docs/configuration.md; `--host {}...` has no accounts", connect::PREFIX))
    })
}
