//! Pick-up by IMAP (RFC 3501), over TLS only.
//!
//! Only what is asked for: log on, select, search by Message-ID, fetch, mark as deleted, expunge by number. A mailbox may
//! hold other mail too, so of a message whose Message-ID is not one of ours nothing but that is fetched, and a plain
//! EXPUNGE, which would remove what others have marked, is never sent.

mod look;

use crate::{blocking::blocking, tls};
use async_imap::Client;
use async_trait::async_trait;
use look::Open;
use mailsec_core::{
    Code, Failure,
    host::{AT_ONCE, Answer, Arrived, Pickup, Secrets},
    proof::is_marker,
    values::{Secret, SecretRef},
};
use rustls::{ClientConfig, pki_types::ServerName};
use serde::Deserialize;
use std::{fmt, future::Future, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How the connection is encrypted. There is no third way: the password goes over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PickupEncryption {
    /// TLS from the first byte, port 993.
    #[default]
    Imaps,
    /// TLS after `STARTTLS`, port 143.
    StartTls,
}

/// Which mailbox, and as whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickupConfig {
    /// Host name of the IMAP server (as in its certificate), with a port if it is not the usual one.
    pub server: String,
    /// How the connection is encrypted: `imaps` (when not given) or `start_tls`.
    #[serde(default)]
    pub encryption: PickupEncryption,
    /// The address whose mail arrives there.
    pub address: String,
    /// Who logs on.
    pub user: String,
    /// Whose password that is, by reference.
    pub secret: SecretRef,
    /// Which folder of the mailbox; INBOX when not given.
    #[serde(default = "inbox")]
    pub mailbox: String,
    /// A file with the certificates (PEM) to trust instead of the system's.
    #[serde(default)]
    pub trust: Option<PathBuf>,
    /// Seconds that one look may take; 30 when not given.
    #[serde(default = "half_a_minute")]
    pub limit_seconds: u64,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

fn half_a_minute() -> u64 {
    30
}

/// A mailbox behind IMAP. Each look is a connection of its own: looks are rare, and one that hangs spoils no other.
#[derive(Clone)]
pub struct ImapPickup {
    config: PickupConfig,
    secrets: Arc<dyn Secrets>,
    tls: Arc<ClientConfig>,
}

impl fmt::Debug for ImapPickup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapPickup").field("server", &self.config.server).finish_non_exhaustive()
    }
}

impl ImapPickup {
    /// Nothing is connected until it is asked.
    ///
    /// # Errors
    /// [`Code::BadArgument`] when the certificates to trust cannot be read.
    pub fn new(config: PickupConfig, secrets: Arc<dyn Secrets>) -> Result<Self, Failure> {
        let tls = Arc::new(tls::trusting(config.trust.as_deref())?);
        Ok(Self { config, secrets, tls })
    }

    async fn password(&self) -> Answer<Secret> {
        let name = &self.config.secret;
        self.secrets.get(name).await?.ok_or_else(|| {
            Failure::new(Code::SecretMissing, format!("the secret {name} is needed and nobody gave it"))
                .expected("the password of the mailbox in which probes are looked for")
                .hint(format!("give it by `--secret {name}=env:NAME` or `--secret {name}=file:PATH`"))
                .ask()
        })
    }

    /// Runs one look, on a thread and a runtime of its own: it works whatever the caller's executor is.
    async fn look<T, F, W>(&self, work: W) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>>,
        W: FnOnce(Looker) -> F + Send + 'static,
    {
        let looker = Looker { pickup: self.clone(), password: self.password().await? };
        let limit = Duration::from_secs(self.config.limit_seconds);
        blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::new(Code::System, "no look can be begun").cause(error))?;
            runtime.block_on(async {
                match tokio::time::timeout(limit, work(looker)).await {
                    Ok(answer) => answer,
                    Err(_) => Err(Failure::new(Code::TimeLimit, "the mailbox does not answer in time")
                        .expected(format!("an answer within {} s", limit.as_secs()))
                        .retry()),
                }
            })
        })
        .await
    }
}

#[async_trait]
impl Pickup for ImapPickup {
    fn address(&self) -> Option<String> {
        Some(self.config.address.clone())
    }

    async fn arrived(&self, family: &str) -> Answer<Vec<Arrived>> {
        let family = checked(family)?;
        self.look(move |looker| async move {
            let mut session = looker.open().await?;
            let mut ours = look::ours(&mut session, &family).await?;
            ours.retain(|(_, marker)| marker.starts_with(&family));
            ours.truncate(AT_ONCE);
            let arrived = look::fetched(&mut session, &ours).await?;
            // It has told what it was asked; how it takes its leave does not matter.
            _ = session.logout().await;
            Ok(arrived)
        })
        .await
    }

    async fn remove(&self, markers: &[String]) -> Answer<()> {
        let markers = markers.iter().map(|marker| checked(marker)).collect::<Result<Vec<_>, _>>()?;
        if markers.is_empty() {
            return Ok(());
        }
        self.look(move |looker| async move {
            let mut session = looker.open().await?;
            look::removed(&mut session, &markers).await?;
            _ = session.logout().await;
            Ok(())
        })
        .await
    }
}

/// A marker goes into a command as it is.
fn checked(marker: &str) -> Answer<String> {
    if is_marker(marker) {
        return Ok(marker.to_owned());
    }
    Err(Failure::new(Code::BadArgument, "a probe's marker is not one")
        .expected("letters, digits, hyphens, periods, underscores")
        .found(marker))
}

struct Looker {
    pickup: ImapPickup,
    password: Secret,
}

fn trouble(doing: &str, error: impl fmt::Display) -> Failure {
    Failure::new(Code::ScanUndetermined, "the mailbox in which probes are looked for cannot be used")
        .found(format!("{doing}: {error}"))
        .hint("check `pickup` in config.json, and the mailbox with another program")
        .retry()
}

impl Looker {
    fn place(&self) -> (String, u16) {
        let config = &self.pickup.config;
        let usual = match config.encryption {
            PickupEncryption::Imaps => 993,
            PickupEncryption::StartTls => 143,
        };
        let named = config.server.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        named.map_or_else(|| (config.server.clone(), usual), |(host, port)| (host.to_owned(), port))
    }

    async fn open(&self) -> Result<Open, Failure> {
        let config = &self.pickup.config;
        let (host, port) = self.place();
        let tcp = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|error| trouble(&format!("connecting to {host}:{port}"), error))?;
        let name = ServerName::try_from(host).map_err(|error| trouble("its name", error))?;
        let connector = TlsConnector::from(Arc::clone(&self.pickup.tls));
        let client = match config.encryption {
            PickupEncryption::Imaps => {
                let tls = connector.connect(name, tcp).await.map_err(|error| trouble("TLS", error))?;
                let mut client = Client::new(tls);
                greeted(client.read_response().await)?;
                client
            }
            PickupEncryption::StartTls => {
                let mut plain = Client::new(tcp);
                greeted(plain.read_response().await)?;
                plain
                    .run_command_and_check_ok("STARTTLS", None)
                    .await
                    .map_err(|error| trouble("STARTTLS", error))?;
                let tls = connector.connect(name, plain.into_inner()).await;
                Client::new(tls.map_err(|error| trouble("TLS", error))?)
            }
        };
        let mut session = client
            .login(&config.user, self.password.expose())
            .await
            // The error carries the client, not the password.
            .map_err(|(error, _)| trouble("logging on", error))?;
        session.select(&config.mailbox).await.map_err(|error| trouble("selecting the folder", error))?;
        Ok(session)
    }
}

fn greeted<T>(response: std::io::Result<Option<T>>) -> Result<(), Failure> {
    match response {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(trouble("the greeting", "the server closed the connection")),
        Err(error) => Err(trouble("the greeting", error)),
    }
}
