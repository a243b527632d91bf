//! A real domain controller (Samba) on loopback, for labs whose product logs on with an account of a domain.
//!
//! It listens on the fixed ports of LDAP, so there is one of them on a machine; tests share it by a lock. It ends with
//! the process that started it: its standard input is a pipe, and Samba ends when that closes.

use crate::error::{LabError, Result, at};
use crate::tools;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a domain controller needs beyond the lab's own tools, and the Debian package it is in.
const NEEDED: [(&str, &str); 3] =
    [("samba", "samba-ad-dc"), ("samba-tool", "samba-common-bin"), ("openssl", "openssl")];
const PORT: u16 = 636;

/// The NetBIOS name of the domain.
pub const DOMAIN: &str = "LAB";
/// Its distinguished name.
pub const BASE: &str = "DC=lab,DC=test";
/// An administrator of it, for binds.
pub const ADMINISTRATOR: &str = r"LAB\Administrator";
/// That administrator's password.
pub const ADMINISTRATOR_PASSWORD: &str = "Lab-Admin-Pass-1";

/// A running domain controller.
#[derive(Debug)]
pub struct Directory {
    folder: PathBuf,
    samba: Child,
}

impl Directory {
    /// Starts the domain controller of the domain `LAB`, with these standard users: names and passwords that never
    /// expire. What an earlier run left in it is put right.
    ///
    /// # Panics
    ///
    /// If Samba is not installed.
    pub fn start(users: &[(&str, &str)]) -> Result<Self> {
        tools::require_all(&NEEDED);
        let folder = tools::target().join("directory");
        if !folder.join("ready").is_file() {
            provision(&folder)?;
        }
        for (user, password) in users {
            put_user(&folder, user, password)?;
        }
        let log = folder.join("samba.log");
        let out = at(&log, fs::File::create(&log))?;
        let err = at(&log, out.try_clone())?;
        let samba = Command::new("samba")
            .args(["-F", "--no-process-group", "--debug-stdout", "-s"])
            .arg(config(&folder))
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|e| LabError::failed("samba", e))?;
        let directory = Self { folder, samba };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        tools::until("the domain controller", Duration::from_secs(60), || {
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
        })?;
        Ok(directory)
    }

    /// Where it listens for LDAPS, as its certificate has it.
    #[must_use]
    pub fn server(&self) -> String {
        format!("localhost:{PORT}")
    }

    /// The certificate to trust (PEM).
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(self.samba.stdin.take());
        // It ends by itself then; one that does not is ended.
        if !matches!(tools::wait(&mut self.samba, Duration::from_secs(5)), Ok(Some(_))) {
            let _gone = self.samba.kill().and_then(|()| self.samba.wait().map(|_| ()));
        }
    }
}

fn config(folder: &Path) -> PathBuf {
    folder.join("etc/smb.conf")
}

/// Makes the domain; some ten seconds, once for each build folder.
fn provision(folder: &Path) -> Result<()> {
    if folder.exists() {
        at(folder, fs::remove_dir_all(folder))?;
    }
    at(folder, fs::create_dir_all(folder.join("cache")))?;
    let log = folder.join("provision.log");
    let limit = Duration::from_secs(300);
    let mut samba = Command::new("samba-tool");
    samba
        .args(["domain", "provision", "--realm=LAB.TEST", "--server-role=dc", "--dns-backend=NONE"])
        .args(["--host-name=dc1", "--host-ip=127.0.0.1", "--option=interfaces=lo"])
        .args(["--option=bind interfaces only=yes", "--option=server services=ldap"])
        .arg(format!("--domain={DOMAIN}"))
        .arg(format!("--adminpass={ADMINISTRATOR_PASSWORD}"))
        .arg(format!("--targetdir={}", folder.display()));
    tools::build(&mut samba, &log, limit)?;
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder);
    tools::build(&mut openssl, &log, limit)?;
    let path = config(folder);
    let text = at(&path, fs::read_to_string(&path))?;
    let own = format!(
        "[global]\n\ttls keyfile = {0}/key.pem\n\ttls certfile = {0}/cert.pem\n\ttls cafile = {0}/cert.pem\n\
         \tpid directory = {0}\n\tncalrpc dir = {0}/ncalrpc\n",
        folder.display()
    );
    at(&path, fs::write(&path, text.replacen("[global]\n", &own, 1)))?;
    // Samba refuses a key that others can read.
    let key = folder.join("key.pem");
    at(&key, fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)))?;
    at(folder, fs::write(folder.join("ready"), ""))
}

/// Creates a user, or puts an existing one back to this password, enabled, never expiring.
fn put_user(folder: &Path, user: &str, password: &str) -> Result<()> {
    let log = folder.join("user.log");
    let limit = Duration::from_secs(60);
    let tool = |words: &[&str]| {
        let mut command = Command::new("samba-tool");
        command.arg("user").args(words).arg("-s").arg(config(folder));
        tools::build(&mut command, &log, limit)
    };
    if tool(&["show", user]).is_err() {
        tool(&["create", user, password])?;
    }
    tool(&["setpassword", user, &format!("--newpassword={password}")])?;
    tool(&["enable", user])?;
    tool(&["setexpiry", user, "--noexpiry"])
}
