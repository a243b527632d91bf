//! A domain, and a host whose directory it is.

use mailsec_core::{
    Permit,
    host::Elsewhere,
    values::{AccountName, Secret, SecretRef},
};
use mailsec_domain::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, BASE, Domain, NETBIOS};
use mailsec_windows::{DirectoryConfig, Encryption, LdapDirectory, SecretSources, SystemClock};
use std::{sync::Arc, time::Duration};

pub(crate) const PASSWORD: &str = "A-Good-Pass-4711";

pub(crate) fn name(user: &str) -> AccountName {
    AccountName::parse(&format!(r"{NETBIOS}\{user}")).unwrap()
}

pub(crate) fn permit() -> Permit {
    Permit::for_test("test")
}

/// Asked as the domain's administrator.
pub(crate) fn config(domain: &Domain) -> DirectoryConfig {
    DirectoryConfig {
        server: Some(domain.server()),
        nameserver: None,
        encryption: Encryption::Ldaps,
        domain: NETBIOS.to_owned(),
        base: BASE.to_owned(),
        container: None,
        bind_name: ADMINISTRATOR.to_owned(),
        bind_secret: SecretRef::new("directory-password"),
        trust: Some(domain.certificate()),
        limit: Duration::from_secs(60),
    }
}

/// A directory, and what the program that asks it was given.
pub(crate) fn asked(config: DirectoryConfig, password: &str) -> LdapDirectory {
    LdapDirectory::new(Some(config), given(password))
}

pub(crate) fn given(password: &str) -> SecretSources {
    let secrets = SecretSources::new();
    secrets.set(SecretRef::new("directory-password"), Secret::new(password));
    secrets
}

/// As the administrator.
pub(crate) fn directory(domain: &Domain) -> LdapDirectory {
    asked(config(domain), ADMINISTRATOR_PASSWORD)
}

/// A host that has nothing else.
pub(crate) fn host(domain: &Domain) -> Elsewhere {
    let secrets = given(ADMINISTRATOR_PASSWORD);
    let directory = LdapDirectory::new(Some(config(domain)), secrets.clone());
    Elsewhere::new("a domain", Arc::new(SystemClock), Arc::new(secrets)).with_directory(Arc::new(directory))
}
