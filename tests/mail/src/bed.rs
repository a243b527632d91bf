//! The bed: scanner, Postfix, Dovecot.

use crate::{
    Manner, Scanner, control,
    imap::{Dovecot, USER},
    mta::Postfix,
};
use mailsec_core::{
    host::{Answer, Secrets},
    values::{Secret, SecretRef},
};
use mailsec_mail::{ImapPickup, PickupConfig, SmtpProbe};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// `nobody` and `nogroup` of Debian, to whom the mailbox belongs.
const OWNER: (u32, u32) = (65534, 65534);

/// The mailbox's password. It has what a careless client would have to quote.
pub(crate) const PASSWORD: &str = "Planted-Mailbox-7\\x";

/// The name by which the password is known.
pub(crate) const SECRET: &str = "mailbox-password";

/// A mail server that can be stopped, started, and made to scan or not.
pub struct Bed {
    /// The scanner.
    pub scanner: Scanner,
    /// How long it took to start all of it.
    pub took: Duration,
    postfix: Arc<Mutex<Postfix>>,
    _dovecot: Dovecot,
    smtp: SocketAddr,
    imaps: SocketAddr,
    imap: SocketAddr,
    control: SocketAddr,
    folder: TempDir,
}

/// Ports that are free now. They are held until all are chosen, so that none is chosen twice.
fn free<const N: usize>() -> [SocketAddr; N] {
    let held = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    held.each_ref().map(|listener| listener.local_addr().unwrap())
}

impl Bed {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not come up: packages are missing, or this is not root.
    #[must_use]
    pub fn start() -> Self {
        let begun = Instant::now();
        let folder = tempfile::Builder::new().prefix("mail").tempdir().unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).unwrap();
        fs::create_dir(folder.path().join("mail")).unwrap();
        chown(folder.path().join("mail"), Some(OWNER.0), Some(OWNER.1))
            .expect("the bed changes users, so it needs root");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let between = listener.local_addr().unwrap();
        let [smtp, behind, imaps, imap] = free();
        let scanner = Scanner::start(listener, behind);
        let postfix = Postfix::configure(folder.path(), smtp, between, behind, OWNER);
        postfix.start();
        let dovecot = Dovecot::start(folder.path(), imaps, imap, PASSWORD, OWNER);
        let postfix = Arc::new(Mutex::new(postfix));
        let control = control::listen(Arc::clone(&postfix), scanner.clone());
        Self {
            scanner,
            took: begun.elapsed(),
            postfix,
            _dovecot: dovecot,
            smtp,
            imaps,
            imap,
            control,
            folder,
        }
    }

    /// Stops the mail server: connections are refused.
    pub fn stop(&self) {
        self.postfix.lock().unwrap().stop();
    }

    /// Starts it again.
    pub fn go_on(&self) {
        self.postfix.lock().unwrap().start();
    }

    /// Where another process switches it.
    #[must_use]
    pub fn control(&self) -> SocketAddr {
        self.control
    }

    /// Where it takes mail.
    #[must_use]
    pub fn smtp(&self) -> SocketAddr {
        self.smtp
    }

    /// A folder that goes with the bed.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate of the mailbox's server.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// As it stands in `config.json`.
    #[must_use]
    pub fn pickup_json(&self, start_tls: bool) -> serde_json::Value {
        let (port, encryption) =
            if start_tls { (self.imap.port(), "start_tls") } else { (self.imaps.port(), "imaps") };
        serde_json::json!({
            "server": format!("localhost:{port}"),
            "encryption": encryption,
            "address": "probe@mail01.test",
            "user": USER,
            "secret": SECRET,
            "trust": self.trust(),
        })
    }

    /// The real prober, and the real pick-up.
    #[must_use]
    pub fn path(&self, start_tls: bool) -> (SmtpProbe, ImapPickup) {
        path(self.smtp, self.pickup_json(start_tls))
    }

    /// The password of the mailbox, for tests that look whether it is found where it must not be.
    #[must_use]
    pub fn password() -> &'static str {
        PASSWORD
    }

    /// A scanner that scans, as before the first test.
    pub fn reset(&self) {
        self.scanner.set(Manner::Replace);
        self.go_on();
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        // Whoever listens to the control holds it too, for as long as the process lives.
        self.postfix.lock().unwrap_or_else(PoisonError::into_inner).stop();
    }
}

/// The real prober and pick-up, as another process makes them.
///
/// # Panics
/// When the pick-up is not one.
#[must_use]
pub fn path(smtp: SocketAddr, pickup: serde_json::Value) -> (SmtpProbe, ImapPickup) {
    let probe = SmtpProbe::new(smtp, Duration::from_secs(10), "tests", "probe@mail01.test").unwrap();
    let config: PickupConfig = serde_json::from_value(pickup).unwrap();
    (probe, ImapPickup::new(config, Arc::new(Known)).unwrap())
}

/// Knows the mailbox's password, and nothing else.
struct Known;

#[async_trait::async_trait]
impl Secrets for Known {
    async fn get(&self, name: &SecretRef) -> Answer<Option<Secret>> {
        Ok((name.as_str() == SECRET).then(|| Secret::new(PASSWORD)))
    }
}
