//! The directory: Active Directory over LDAP, encrypted or not at all.

mod account;
mod change;
mod codes;
mod locate;
mod members;
mod session;
mod tls;

use crate::{random, secrets::SecretSources};
use async_trait::async_trait;
use locate::Controllers;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Account, Answer, Credentials, Directory, Secrets as _},
    values::{AccountName, Secret, SecretRef},
};
use mailsec_mail::blocking;
use serde::{Deserialize, Serialize};
use session::Session;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// How the connection is encrypted. There is no third way: Active Directory takes passwords over encrypted connections
/// only, and nobody else should see them either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// TLS from the first byte, port 636.
    Ldaps,
    /// TLS after `StartTLS`, port 389.
    StartTls,
}

impl Encryption {
    /// Where it is spoken, where DNS gives the port of LDAP.
    fn port(self, ldap: u16) -> u16 {
        match self {
            Self::Ldaps => 636,
            Self::StartTls => ldap,
        }
    }
}

/// Which directory, and as whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    /// Host name of a domain controller (as in its certificate), with a port if it is not the usual one. When not given,
    /// DNS is asked for the controllers of the domain.
    #[serde(default)]
    pub server: Option<String>,
    /// The DNS server to ask for them, instead of the system's.
    #[serde(default)]
    pub nameserver: Option<SocketAddr>,
    /// How the connection is encrypted: `ldaps` (when not given) or `start_tls`.
    #[serde(default = "ldaps")]
    pub encryption: Encryption,
    /// NetBIOS name of the domain, the part before `\` in account names.
    pub domain: String,
    /// Distinguished name of the domain: `DC=lab,DC=test`.
    pub base: String,
    /// Where new accounts are created; `CN=Users` below `base` when not given.
    #[serde(default)]
    pub container: Option<String>,
    /// Who asks: `DOMAIN\user`, `user@domain` or a distinguished name.
    pub bind_name: String,
    /// Whose password that is, by reference.
    pub bind_secret: SecretRef,
    /// A file with the certificates (PEM) to trust instead of the system's.
    #[serde(default)]
    pub trust: Option<PathBuf>,
    /// How long connecting, and each request, may take; in a file, `limit_seconds`, 30 when not given.
    #[serde(default = "half_a_minute", rename = "limit_seconds", with = "seconds")]
    pub limit: Duration,
}

fn ldaps() -> Encryption {
    Encryption::Ldaps
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

mod seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(limit: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(limit.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

impl DirectoryConfig {
    fn container(&self) -> String {
        self.container.clone().unwrap_or_else(|| format!("CN=Users,{}", self.base))
    }

    /// `lab.test` of `DC=lab,DC=test`.
    fn dns_domain(&self) -> String {
        let parts = self.base.split(',').map(str::trim);
        let parts = parts
            .filter_map(|part| part.get(..3).filter(|p| p.eq_ignore_ascii_case("DC=")).map(|_| &part[3..]));
        parts.collect::<Vec<_>>().join(".")
    }
}

/// Which controllers will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Any, if the first cannot be reached.
    Any,
    /// Only the first: an account created on another, while the first is away with one of that name, would be there twice;
    /// and another need not have heard of what was changed on the first.
    First,
}

/// A connection to the first controller that can be reached.
fn connect(config: &DirectoryConfig, access: Access) -> Result<Session, Failure> {
    let controllers = Controllers::find(config)?;
    let to = |one| controllers.address(one).and_then(|at| Session::connect(config.clone(), one, at));
    let mut all = controllers.all.iter();
    let first = all.next().ok_or_else(|| Failure::new(Code::Directory, "no domain controller was found"))?;
    // Of the others it is not said why they cannot be reached: the first is the one to put right.
    to(first).or_else(|failure| {
        let mut others = all.filter(|_| access == Access::Any);
        others.find_map(|next| to(next).ok()).ok_or(failure)
    })
}

/// The directory, if there is one that may be asked.
#[derive(Clone, Debug)]
pub struct LdapDirectory {
    config: Option<DirectoryConfig>,
    secrets: SecretSources,
}

impl LdapDirectory {
    /// Nothing is connected until it is asked.
    #[must_use]
    pub fn new(config: Option<DirectoryConfig>, secrets: SecretSources) -> Self {
        Self { config, secrets }
    }

    /// Runs `call` with a connection of its own, logged on as the configured account.
    async fn with<T: Send + 'static>(
        &self,
        access: Access,
        name: &AccountName,
        call: impl FnOnce(&mut Session, &AccountName) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        let config = self.config_for(name)?;
        let secret = self.secrets.get(&config.bind_secret).await?.ok_or_else(|| {
            Failure::new(Code::SecretMissing, format!("the password of {} was not given", config.bind_name))
                .expected(format!("the secret {}", config.bind_secret))
                .ask()
        })?;
        let name = name.clone();
        blocking(move || {
            let mut session = connect(&config, access)?;
            session.log_on(&secret)?;
            call(&mut session, &name)
        })
        .await
    }

    async fn tried(&self, access: Access, name: &AccountName, password: &Secret) -> Answer<Credentials> {
        let config = self.config_for(name)?;
        if password.expose().is_empty() {
            // A bind without a password is an anonymous one, and succeeds for everybody (RFC 4513, 5.1.2).
            return Ok(Credentials::WrongPassword);
        }
        let (name, password) = (name.clone(), password.clone());
        blocking(move || connect(&config, access)?.try_log_on(&name, &password)).await
    }

    fn config_for(&self, name: &AccountName) -> Result<DirectoryConfig, Failure> {
        let config = self.config.clone().ok_or_else(|| {
            Failure::new(Code::Directory, "no directory was configured, so accounts cannot be looked at")
                .hint("give the domain controller, the domain and an account that may read it, or check the account \
                       by hand and confirm it at the gate")
                .ask()
        })?;
        if config.domain.eq_ignore_ascii_case(name.domain()) {
            return Ok(config);
        }
        Err(Failure::new(Code::Directory, format!("the account {name} is not of this directory's domain"))
            .expected(format!(r"{}\...", config.domain))
            .found(name.to_string())
            .ask())
    }
}

#[async_trait]
impl Directory for LdapDirectory {
    async fn account(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.with(Access::Any, name, Session::account).await
    }

    async fn account_where_changed(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.with(Access::First, name, Session::account).await
    }

    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials> {
        self.tried(Access::Any, name, password).await
    }

    async fn try_credentials_where_changed(
        &self,
        name: &AccountName,
        password: &Secret,
    ) -> Answer<Credentials> {
        self.tried(Access::First, name, password).await
    }

    async fn create_disabled(&self, _: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        let description = description.to_owned();
        self.with(Access::First, name, move |session, name| session.create_disabled(name, &description)).await
    }

    async fn set_password(&self, _: &Permit, name: &AccountName, password: &Secret) -> Answer<()> {
        let password = password.clone();
        self.with(Access::First, name, move |session, name| session.set_password(name, &password)).await
    }

    async fn enable_never_expiring(&self, _: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        let description = description.to_owned();
        self.with(Access::First, name, move |session, name| session.enable_never_expiring(name, &description))
            .await
    }

    async fn delete(&self, _: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        let description = description.to_owned();
        self.with(Access::First, name, move |session, name| session.delete(name, &description)).await
    }

    async fn generate_password(&self, _: &Permit, account: &AccountName, secret: &SecretRef) -> Answer<()> {
        let shortest = self.with(Access::First, account, Session::shortest_password).await?;
        let (secrets, name, user) = (self.secrets.clone(), secret.clone(), account.user().to_owned());
        blocking(move || secrets.keep(name, random::password(shortest, &user)?)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_directory_every_question_says_what_is_missing() {
        let directory = LdapDirectory::new(None, SecretSources::new());
        let name = AccountName::parse(r"LAB\svc").unwrap();
        let failure = directory.account(&name).await.unwrap_err();
        assert_eq!(failure.code, Code::Directory);
        assert!(failure.hint.is_some());
        let secret = SecretRef::new("p");
        let made = directory.generate_password(&Permit::for_test("x"), &name, &secret).await;
        assert_eq!(made.unwrap_err().code, Code::Directory, "no policy, no password");
        assert!(directory.secrets.find(&secret).unwrap().is_none());
    }

    #[test]
    fn a_file_needs_to_say_little() {
        let text = r#"{"server":"dc1.lab.test","domain":"LAB","base":"DC=lab,DC=test",
                       "bind_name":"LAB\\reader","bind_secret":"directory"}"#;
        let config: DirectoryConfig = serde_json::from_str(text).unwrap();
        assert_eq!((config.encryption, config.limit.as_secs()), (Encryption::Ldaps, 30));
        assert_eq!(config.container(), "CN=Users,DC=lab,DC=test");
        let again: DirectoryConfig = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
        assert_eq!(again.server, config.server);
        assert!(serde_json::from_str::<DirectoryConfig>(&text.replace("base", "bsae")).is_err());
    }

    #[tokio::test]
    async fn an_empty_password_is_wrong_and_other_domains_are_refused() {
        let config = DirectoryConfig {
            server: Some("127.0.0.1:1".into()),
            nameserver: None,
            encryption: Encryption::Ldaps,
            domain: "LAB".into(),
            base: "DC=lab,dc=test".into(),
            container: None,
            bind_name: r"LAB\reader".into(),
            bind_secret: SecretRef::new("reader"),
            trust: None,
            limit: Duration::from_millis(300),
        };
        assert_eq!(config.dns_domain(), "lab.test");
        let secrets = SecretSources::new();
        let directory = LdapDirectory::new(Some(config), secrets.clone());
        let name = AccountName::parse(r"lab\svc").unwrap();
        let tried = directory.try_credentials(&name, &Secret::new("")).await.unwrap();
        assert_eq!(tried, Credentials::WrongPassword);
        let other = AccountName::parse(r"OTHER\svc").unwrap();
        assert_eq!(directory.account(&other).await.unwrap_err().code, Code::Directory);
        assert_eq!(directory.account(&name).await.unwrap_err().code, Code::SecretMissing);
        secrets.set(SecretRef::new("reader"), Secret::new("x"));
        assert_eq!(directory.account(&name).await.unwrap_err().code, Code::Directory);
    }
}
