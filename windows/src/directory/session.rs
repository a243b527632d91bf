//! One connection to a domain controller.

use super::{
    DirectoryConfig, Encryption,
    codes::{NO_SUCH_OBJECT, credentials, refused},
    locate::Controller,
    tls,
};
use ldap3::{
    LdapConn, LdapConnSettings, LdapError, LdapResult, Mod, Scope, SearchEntry, StdStream,
    adapters::{Adapter, EntriesOnly, PagedResults},
    controls::RawControl,
};
use mailsec_core::{
    Code, Failure,
    host::Credentials,
    values::{AccountName, Secret},
};
use std::net::{SocketAddr, TcpStream};

/// Entries in one answer. Active Directory gives no more than 1,000 at a time.
const PAGE: i32 = 100;

pub(super) struct Session {
    connection: LdapConn,
    pub(super) config: DirectoryConfig,
}

/// Values that need not be text are in one place or the other, depending on their bytes.
pub(super) fn bytes(entry: &SearchEntry, name: &str) -> Vec<Vec<u8>> {
    let text = entry.attrs.get(name).into_iter().flatten().map(|value| value.clone().into_bytes());
    entry.bin_attrs.get(name).into_iter().flatten().cloned().chain(text).collect()
}

pub(super) fn texts(entry: &SearchEntry, name: &str) -> Vec<String> {
    entry.attrs.get(name).cloned().unwrap_or_default()
}

fn lost(what: &str, error: &LdapError) -> Failure {
    Failure::new(Code::Directory, format!("the directory did not answer: {what}")).cause(error).retry()
}

impl Session {
    /// To a controller, at this address or where the system finds it.
    pub(super) fn connect(
        config: DirectoryConfig,
        controller: &Controller,
        address: Option<SocketAddr>,
    ) -> Result<Self, Failure> {
        let (scheme, start_tls) = match config.encryption {
            Encryption::Ldaps => ("ldaps", false),
            Encryption::StartTls => ("ldap", true),
        };
        let url = format!("{scheme}://{}", controller.name);
        let unreachable = |cause: &dyn std::fmt::Display| {
            Failure::new(Code::Directory, format!("the directory at {url} cannot be reached"))
                .cause(cause)
                .hint(
                    "the name must be the one in the domain controller's certificate, and this server must trust \
                     who issued it",
                )
                .retry()
        };
        let mut settings = LdapConnSettings::new().set_conn_timeout(config.limit).set_starttls(start_tls);
        if let Some(file) = &config.trust {
            settings = settings.set_config(tls::trusting(file)?);
        }
        if let Some(address) = address {
            let stream =
                TcpStream::connect_timeout(&address, config.limit).map_err(|error| unreachable(&error))?;
            settings = settings.set_std_stream(StdStream::Tcp(stream));
        }
        let connection = LdapConn::with_settings(settings, &url).map_err(|error| unreachable(&error))?;
        Ok(Self { connection, config })
    }

    fn bind(&mut self, name: &str, password: &Secret) -> Result<LdapResult, Failure> {
        self.within_limit().simple_bind(name, password.expose()).map_err(|e| lost("the log-on", &e))
    }

    /// The connection, for one request.
    fn within_limit(&mut self) -> &mut LdapConn {
        self.connection.with_timeout(self.config.limit)
    }

    /// Logs on as the configured account. What is wrong with it is said as of any account.
    pub(super) fn log_on(&mut self, password: &Secret) -> Result<(), Failure> {
        let name = self.config.bind_name.clone();
        let result = self.bind(&name, password)?;
        if result.rc == 0 {
            return Ok(());
        }
        Err(match credentials(&result) {
            Some(Credentials::AccountUnfit(why) | Credentials::PasswordUnfit(why)) => Failure::new(
                Code::AccountUnfit,
                format!("{name}, by which the directory is asked, cannot log on"),
            )
            .found(why)
            .hint("put it right in the directory, or name another account in the configuration")
            .ask(),
            _ => refused(&result, &format!("the log-on of {name}")),
        })
    }

    pub(super) fn try_log_on(
        &mut self,
        name: &AccountName,
        password: &Secret,
    ) -> Result<Credentials, Failure> {
        let result = self.bind(&name.to_string(), password)?;
        if result.rc == 0 {
            return Ok(Credentials::Valid);
        }
        // Without a sub-code a wrong password cannot be told from the rest.
        credentials(&result).ok_or_else(|| refused(&result, &format!("the log-on of {name}")))
    }

    /// Every entry below `base` that fits, page by page. References to other parts of the forest are not followed: what
    /// lies there is not of this domain.
    pub(super) fn below(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<SearchEntry>, Failure> {
        let attributes: Vec<String> = attributes.iter().map(|&name| name.to_owned()).collect();
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let mut stream = self
            .within_limit()
            .streaming_search_with(adapters, base, Scope::Subtree, filter, attributes)
            .map_err(|e| lost("a search", &e))?;
        let mut found = Vec::new();
        while let Some(entry) = stream.next().map_err(|e| lost("a search", &e))? {
            found.push(SearchEntry::construct(entry));
        }
        let result = stream.result();
        if result.rc == 0 { Ok(found) } else { Err(refused(&result, &format!("a search below {base:?}"))) }
    }

    /// One object; `None` when there is none of that name, or it may not be seen.
    pub(super) fn object(
        &mut self,
        dn: &str,
        attributes: &[&str],
        control: Option<RawControl>,
    ) -> Result<Option<SearchEntry>, Failure> {
        let connection = self.within_limit();
        if let Some(control) = control {
            connection.with_controls(control);
        }
        let found = connection
            .search(dn, Scope::Base, "(objectClass=*)", attributes)
            .map_err(|e| lost("a search", &e))?;
        match found.1.rc {
            0 => Ok(found
                .0
                .into_iter()
                .find(|entry| !entry.is_ref() && !entry.is_intermediate())
                .map(SearchEntry::construct)),
            NO_SUCH_OBJECT => Ok(None),
            _ => Err(refused(&found.1, &format!("a look at {dn:?}"))),
        }
    }

    pub(super) fn add(
        &mut self,
        dn: &str,
        attributes: Vec<(String, std::collections::HashSet<String>)>,
        what: &str,
    ) -> Result<(), Failure> {
        let result = self.within_limit().add(dn, attributes).map_err(|e| lost(what, &e))?;
        if result.rc == 0 { Ok(()) } else { Err(refused(&result, what)) }
    }

    pub(super) fn modify(&mut self, dn: &str, changes: Vec<Mod<Vec<u8>>>, what: &str) -> Result<(), Failure> {
        let result = self.within_limit().modify(dn, changes).map_err(|e| lost(what, &e))?;
        if result.rc == 0 { Ok(()) } else { Err(refused(&result, what)) }
    }

    pub(super) fn remove(&mut self, dn: &str, what: &str) -> Result<(), Failure> {
        let result = self.within_limit().delete(dn).map_err(|e| lost(what, &e))?;
        match result.rc {
            0 | NO_SUCH_OBJECT => Ok(()),
            _ => Err(refused(&result, what)),
        }
    }
}
