//! What an administrator does to the domain: by LDAP, as it is done in a real one.

use crate::{
    ADMINISTRATOR, ADMINISTRATOR_PASSWORD, BASE,
    error::{Result, failed},
};
use ldap3::{LdapConn, LdapConnSettings, LdapResult, Mod, SearchEntry};
use rustls::{
    ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer, pki_types::pem::PemObject,
};
use std::{collections::HashSet, path::Path, sync::Arc, thread, time::Duration};

pub use ldap3::Scope;

/// A connection as the domain's administrator.
#[derive(Debug)]
pub struct Admin {
    /// Always there, until it is dropped on a thread of its own.
    connection: Option<LdapConn>,
}

impl Drop for Admin {
    fn drop(&mut self) {
        let connection = self.connection.take();
        apart(move || drop(connection));
    }
}

/// The form in which Active Directory takes a password.
fn quoted(password: &str) -> Vec<u8> {
    format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// On a thread of its own: tests may run on a runtime of tokio's, and the blocking client has one itself.
fn apart<T: Send>(call: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(call).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn done(what: &str, result: std::result::Result<LdapResult, ldap3::LdapError>) -> Result<()> {
    let result = result.map_err(|error| failed(what, error))?;
    if result.rc == 0 { Ok(()) } else { Err(failed(what, result)) }
}

impl Admin {
    pub(crate) fn connect(server: &str, certificate: &Path) -> Result<Self> {
        let what = "a connection as administrator";
        let mut roots = RootCertStore::empty();
        let trusted = CertificateDer::from_pem_file(certificate).map_err(|error| failed(what, error))?;
        roots.add(trusted).map_err(|error| failed(what, error))?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(what, error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let settings =
            LdapConnSettings::new().set_config(Arc::new(config)).set_conn_timeout(Duration::from_secs(60));
        let url = format!("ldaps://{server}");
        let mut connection =
            apart(|| LdapConn::with_settings(settings, &url)).map_err(|error| failed(what, error))?;
        done(what, apart(|| connection.simple_bind(ADMINISTRATOR, ADMINISTRATOR_PASSWORD)))?;
        Ok(Self { connection: Some(connection) })
    }

    fn request<T: Send>(
        &mut self,
        send: impl FnOnce(&mut LdapConn) -> ldap3::result::Result<T> + Send,
    ) -> ldap3::result::Result<T> {
        match &mut self.connection {
            Some(connection) => apart(|| send(connection)),
            None => Err(ldap3::LdapError::EndOfStream),
        }
    }

    /// The distinguished name of a user or group that this value made.
    #[must_use]
    pub fn dn(name: &str) -> String {
        format!("CN={name},CN=Users,{BASE}")
    }

    /// A standard user, enabled, with a password; nothing of it expires.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn user(&mut self, name: &str, password: &str) -> Result<()> {
        let dn = Self::dn(name);
        let kind = [("objectClass", "user"), ("sAMAccountName", name), ("userAccountControl", "514")];
        self.add(&dn, &kind)?;
        self.password(name, password)?;
        self.set(&dn, "userAccountControl", &["66048"])
    }

    /// Another password for a user.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn password(&mut self, name: &str, password: &str) -> Result<()> {
        self.replace(&Self::dn(name), "unicodePwd", HashSet::from([quoted(password)]))
    }

    /// A security group: `-2147483646` global, `-2147483640` universal, `-2147483644` of this domain.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn group(&mut self, name: &str, kind: &str, members: &[&str]) -> Result<()> {
        let dn = Self::dn(name);
        self.add(&dn, &[("objectClass", "group"), ("sAMAccountName", name), ("groupType", kind)])?;
        if members.is_empty() { Ok(()) } else { self.set(&dn, "member", members) }
    }

    /// Any object.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn add(&mut self, dn: &str, attributes: &[(&str, &str)]) -> Result<()> {
        let attributes = attributes.iter().map(|(name, value)| (*name, HashSet::from([*value]))).collect();
        let result = self.request(|connection| connection.add(dn, attributes));
        done(&format!("adding {dn}"), result)
    }

    /// Replaces the values of an attribute.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn set(&mut self, dn: &str, attribute: &str, values: &[&str]) -> Result<()> {
        self.replace(dn, attribute, values.iter().map(|value| value.as_bytes().to_vec()).collect())
    }

    fn replace(&mut self, dn: &str, attribute: &str, values: HashSet<Vec<u8>>) -> Result<()> {
        let change = Mod::Replace(attribute.as_bytes().to_vec(), values);
        let result = self.request(|connection| connection.modify(dn, vec![change]));
        done(&format!("setting {attribute} of {dn}"), result)
    }

    /// Takes an object away.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn delete(&mut self, dn: &str) -> Result<()> {
        let result = self.request(|connection| connection.delete(dn));
        done(&format!("deleting {dn}"), result)
    }

    /// Every object below `base` (itself, for [`Scope::Base`]) that fits.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn find(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<SearchEntry>> {
        let what = format!("looking for {filter}");
        let found = self
            .request(|connection| connection.search(base, scope, filter, attributes))
            .map_err(|error| failed(&what, error))?;
        let (entries, _) = found.success().map_err(|error| failed(&what, error))?;
        // A domain without DNS refers to parts of it that nobody serves.
        Ok(entries.into_iter().filter(|entry| !entry.is_ref()).map(SearchEntry::construct).collect())
    }

    /// The first value of an attribute of a user or group that this value made.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub fn value(&mut self, name: &str, attribute: &str) -> Result<Option<String>> {
        let found = self.find(&Self::dn(name), Scope::Base, "(objectClass=*)", &[attribute])?;
        Ok(found.first().and_then(|entry| entry.attrs.get(attribute)?.first().cloned()))
    }
}
