//! One connection to a domain controller.

use super::{
    DirectoryConfig, Encryption,
    codes::{NO_SUCH_OBJECT, credentials, refused},
    members::{Group, memberships, primary_sid, well_known_dn},
};
use crate::sid::sid_text;
use ldap3::{LdapConn, LdapConnSettings, LdapError, Mod, Scope, SearchEntry, dn_escape, ldap_escape};
use mailsec_core::{
    Code, Failure,
    host::{Account, Credentials},
    values::{AccountName, Secret},
};
use rustls::{
    ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer, pki_types::pem::PemObject,
};
use std::{collections::HashSet, path::Path, sync::Arc};
use zeroize::Zeroizing;

// Bits of userAccountControl (<https://learn.microsoft.com/windows/win32/adschema/a-useraccountcontrol>).
const DISABLED: u32 = 0x2;
const DONT_EXPIRE_PASSWORD: u32 = 0x1_0000;
/// `NORMAL_ACCOUNT` and disabled.
const NEW_ACCOUNT: &str = "514";
/// `NORMAL_ACCOUNT` and `DONT_EXPIRE_PASSWORD`.
const ENABLED_NEVER_EXPIRING: &str = "66048";
/// Bit of `msDS-User-Account-Control-Computed`.
const LOCKED: u32 = 0x10;

pub(super) struct Session {
    connection: LdapConn,
    config: DirectoryConfig,
}

/// What is read of an account besides its groups.
struct Entry {
    dn: String,
    entry: SearchEntry,
}

impl Entry {
    fn text(&self, name: &str) -> Option<&str> {
        self.entry.attrs.get(name)?.first().map(String::as_str)
    }

    fn number(&self, name: &str) -> u32 {
        self.text(name).and_then(|text| text.parse::<i64>().ok()).map_or(0, |n| u32::try_from(n).unwrap_or(0))
    }
}

/// Values that need not be text are in one place or the other, depending on their bytes.
fn bytes(entry: &SearchEntry, name: &str) -> Vec<Vec<u8>> {
    let text = entry.attrs.get(name).into_iter().flatten().map(|value| value.clone().into_bytes());
    entry.bin_attrs.get(name).into_iter().flatten().cloned().chain(text).collect()
}

fn texts(entry: &SearchEntry, name: &str) -> Vec<String> {
    entry.attrs.get(name).cloned().unwrap_or_default()
}

fn lost(what: &str, error: &LdapError) -> Failure {
    Failure::new(Code::Directory, format!("the directory did not answer: {what}")).cause(error).retry()
}

impl Session {
    pub(super) fn connect(config: DirectoryConfig) -> Result<Self, Failure> {
        let (scheme, start_tls) = match config.encryption {
            Encryption::Ldaps => ("ldaps", false),
            Encryption::StartTls => ("ldap", true),
        };
        let mut settings = LdapConnSettings::new().set_conn_timeout(config.limit).set_starttls(start_tls);
        if let Some(file) = &config.trust {
            settings = settings.set_config(trusting(file)?);
        }
        let url = format!("{scheme}://{}", config.server);
        let connection = LdapConn::with_settings(settings, &url).map_err(|e| {
            Failure::new(Code::Directory, format!("the directory at {url} cannot be reached"))
                .cause(e)
                .hint("the name must be the one in the domain controller's certificate, and this server must trust \
                       who issued it")
                .retry()
        })?;
        Ok(Self { connection, config })
    }

    fn bind(&mut self, name: &str, password: &Secret) -> Result<ldap3::LdapResult, Failure> {
        self.connection.with_timeout(self.config.limit);
        self.connection.simple_bind(name, password.expose()).map_err(|e| lost("the log-on", &e))
    }

    pub(super) fn log_on(&mut self, password: &Secret) -> Result<(), Failure> {
        let name = self.config.bind_name.clone();
        match self.bind(&name, password)? {
            result if result.rc == 0 => Ok(()),
            result => Err(refused(&result, &format!("the log-on of {name}"))),
        }
    }

    pub(super) fn try_log_on(
        &mut self,
        name: &AccountName,
        password: &Secret,
    ) -> Result<Credentials, Failure> {
        let result = self.bind(&name.to_string(), password)?;
        credentials(&result, name)
    }

    fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<SearchEntry>, Failure> {
        self.connection.with_timeout(self.config.limit);
        let found =
            self.connection.search(base, scope, filter, attributes).map_err(|e| lost("a search", &e))?;
        match found.1.rc {
            0 => Ok(found
                .0
                .into_iter()
                .filter(|e| !e.is_ref() && !e.is_intermediate())
                .map(SearchEntry::construct)
                .collect()),
            NO_SUCH_OBJECT => Ok(Vec::new()),
            _ => Err(refused(&found.1, &format!("a search below {base:?}"))),
        }
    }

    fn find(&mut self, name: &AccountName) -> Result<Option<Entry>, Failure> {
        let filter = format!("(&(objectClass=user)(sAMAccountName={}))", ldap_escape(name.user()));
        let base = self.config.base.clone();
        let attributes = [
            "userAccountControl",
            "msDS-User-Account-Control-Computed",
            "accountExpires",
            "description",
            "primaryGroupID",
            "objectSid",
            "memberOf",
        ];
        let found = self.search(&base, Scope::Subtree, &filter, &attributes)?;
        Ok(found.into_iter().next().map(|entry| Entry { dn: entry.dn.clone(), entry }))
    }

    fn existing(&mut self, name: &AccountName) -> Result<Entry, Failure> {
        self.find(name)?.ok_or_else(|| {
            Failure::new(Code::AccountNotFound, format!("there is no account {name}"))
                .expected(self.config.base.clone())
        })
    }

    pub(super) fn account(&mut self, name: &AccountName) -> Result<Option<Account>, Failure> {
        let Some(found) = self.find(name)? else { return Ok(None) };
        // Computed by the directory, with nested and primary groups; only a search of the object itself has it
        // (<https://learn.microsoft.com/windows/win32/adschema/a-tokengroups>).
        let token = self.search(&found.dn, Scope::Base, "(objectClass=*)", &["tokenGroups"])?;
        let sids: Vec<Vec<u8>> = token.first().map(|entry| bytes(entry, "tokenGroups")).unwrap_or_default();
        let texts_of: Vec<String> = sids.iter().filter_map(|sid| sid_text(sid)).collect();
        if texts_of.is_empty() || texts_of.len() != sids.len() {
            // Every account has a primary group: an empty list means that we may not see it.
            return Err(Failure::new(Code::Directory, format!("the groups of {name} cannot be read"))
                .hint("the account that asks must be allowed to read tokenGroups (Windows Authorization Access Group)")
                .ask());
        }
        let groups = self.groups(&sids)?;
        let exchange = self.exchange_groups()?;
        let own_sid =
            bytes(&found.entry, "objectSid").first().and_then(|sid| sid_text(sid)).unwrap_or_default();
        let primary = primary_sid(&own_sid, found.text("primaryGroupID").unwrap_or_default());
        // What may not be read must not pass for a harmless value.
        let (Some(_), Some(expires)) = (found.text("userAccountControl"), found.text("accountExpires"))
        else {
            return Err(Failure::new(Code::Directory, format!("the settings of {name} cannot be read"))
                .hint("give an account that may read users in the directory")
                .ask());
        };
        let control = found.number("userAccountControl");
        Ok(Some(Account {
            name: name.clone(),
            enabled: control & DISABLED == 0,
            locked: found.number("msDS-User-Account-Control-Computed") & LOCKED != 0,
            password_never_expires: control & DONT_EXPIRE_PASSWORD != 0,
            // Both mean never (<https://learn.microsoft.com/windows/win32/adschema/a-accountexpires>).
            account_never_expires: ["0", "9223372036854775807"].contains(&expires),
            description: found.text("description").unwrap_or_default().to_owned(),
            memberships: memberships(
                &texts_of,
                &groups,
                &texts(&found.entry, "memberOf"),
                primary.as_deref(),
                &exchange,
            ),
        }))
    }

    fn groups(&mut self, sids: &[Vec<u8>]) -> Result<Vec<Group>, Failure> {
        let mut groups = Vec::new();
        let base = self.config.base.clone();
        for some in sids.chunks(50) {
            let terms: String = some
                .iter()
                .map(|sid| {
                    format!("(objectSid={})", sid.iter().map(|b| format!("\\{b:02x}")).collect::<String>())
                })
                .collect();
            let attributes = ["objectSid", "sAMAccountName", "memberOf"];
            for entry in self.search(&base, Scope::Subtree, &format!("(|{terms})"), &attributes)? {
                let sid =
                    bytes(&entry, "objectSid").first().and_then(|sid| sid_text(sid)).unwrap_or_default();
                let name =
                    texts(&entry, "sAMAccountName").into_iter().next().unwrap_or_else(|| entry.dn.clone());
                groups.push(Group { name, sid, member_of: texts(&entry, "memberOf"), dn: entry.dn });
            }
        }
        Ok(groups)
    }

    /// Exchange's role groups, by the list that Exchange keeps of them: they can be renamed, moved and translated.
    /// Empty where there is no Exchange in this forest.
    fn exchange_groups(&mut self) -> Result<Vec<String>, Failure> {
        let root = self.search("", Scope::Base, "(objectClass=*)", &["configurationNamingContext"])?;
        let context =
            root.first().map(|entry| texts(entry, "configurationNamingContext")).unwrap_or_default();
        let context = context.into_iter().next().ok_or_else(|| {
            Failure::new(Code::Directory, "the directory does not say where its configuration is").retry()
        })?;
        let base = format!("CN=Microsoft Exchange,CN=Services,{context}");
        let found = self.search(&base, Scope::Base, "(objectClass=*)", &["otherWellKnownObjects"])?;
        let values = found.first().map(|entry| texts(entry, "otherWellKnownObjects")).unwrap_or_default();
        Ok(values.iter().filter_map(|value| well_known_dn(value)).map(str::to_owned).collect())
    }

    pub(super) fn create_disabled(&mut self, name: &AccountName, description: &str) -> Result<(), Failure> {
        let dn = format!("CN={},{}", dn_escape(name.user()), self.config.container());
        let principal = format!("{}@{}", name.user(), self.config.dns_domain());
        let one = |value: &str| HashSet::from([value.to_owned()]);
        let attributes = vec![
            ("objectClass".to_owned(), one("user")),
            ("sAMAccountName".to_owned(), one(name.user())),
            ("userPrincipalName".to_owned(), one(&principal)),
            ("description".to_owned(), one(description)),
            ("userAccountControl".to_owned(), one(NEW_ACCOUNT)),
        ];
        self.connection.with_timeout(self.config.limit);
        let result =
            self.connection.add(&dn, attributes).map_err(|e| lost("the creation of an account", &e))?;
        if result.rc == 0 { Ok(()) } else { Err(refused(&result, &format!("the creation of {name}"))) }
    }

    fn modify(&mut self, dn: &str, changes: Vec<Mod<Vec<u8>>>, what: &str) -> Result<(), Failure> {
        self.connection.with_timeout(self.config.limit);
        let result = self.connection.modify(dn, changes).map_err(|e| lost(what, &e))?;
        if result.rc == 0 { Ok(()) } else { Err(refused(&result, what)) }
    }

    /// The password in quotes and UTF-16LE, replaced as an administrator does
    /// (<https://learn.microsoft.com/troubleshoot/windows-server/active-directory/change-windows-active-directory-user-password>).
    pub(super) fn set_password(&mut self, name: &AccountName, password: &Secret) -> Result<(), Failure> {
        let found = self.existing(name)?;
        let quoted = Zeroizing::new(format!("\"{}\"", password.expose()));
        let value: Vec<u8> = quoted.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let change = Mod::Replace(b"unicodePwd".to_vec(), HashSet::from([value]));
        self.modify(&found.dn, vec![change], &format!("the new password of {name}"))
    }

    pub(super) fn enable_never_expiring(&mut self, name: &AccountName) -> Result<(), Failure> {
        let found = self.existing(name)?;
        let set = |attribute: &str, value: &str| {
            Mod::Replace(attribute.as_bytes().to_vec(), HashSet::from([value.as_bytes().to_vec()]))
        };
        let changes = vec![set("userAccountControl", ENABLED_NEVER_EXPIRING), set("accountExpires", "0")];
        self.modify(&found.dn, changes, &format!("enabling {name}"))
    }

    pub(super) fn delete(&mut self, name: &AccountName, description: &str) -> Result<(), Failure> {
        let Some(found) = self.find(name)? else { return Ok(()) };
        let has = found.text("description").unwrap_or_default();
        if has != description {
            return Err(Failure::new(
                Code::AccountExists,
                format!("the account {name} was not made by this upgrade"),
            )
            .expected(format!("the description {description:?}"))
            .found(format!("{has:?}")));
        }
        self.connection.with_timeout(self.config.limit);
        let result = self.connection.delete(&found.dn).map_err(|e| lost("the deletion of an account", &e))?;
        match result.rc {
            0 | NO_SUCH_OBJECT => Ok(()),
            _ => Err(refused(&result, &format!("the deletion of {name}"))),
        }
    }
}

fn trusting(file: &Path) -> Result<Arc<ClientConfig>, Failure> {
    let unfit = |why: String| {
        Failure::new(Code::Directory, format!("the certificates in {} cannot be used", file.display()))
            .cause(why)
            .ask()
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unfit(e.to_string()))? {
        let certificate = certificate.map_err(|e| unfit(e.to_string()))?;
        roots.add(certificate).map_err(|e| unfit(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unfit("there is none in it".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| unfit(e.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
