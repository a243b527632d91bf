//! The controller itself, as a process.

use crate::{
    admin::Admin,
    error::{Result, at, failed},
    template,
};
use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How many domains there can be at a time on a machine.
pub(crate) const ADDRESSES: u8 = 60;
const LDAPS: u16 = 636;
const LDAP: u16 = 389;
/// It takes half a second where nothing else runs.
const LIMIT: Duration = Duration::from_secs(60);

/// The address of the one of that number, which the certificate names.
pub(crate) fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 77, 0, number)
}

/// Its other address, which the certificate does not name.
fn unnamed(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 78, 0, number)
}

/// A domain with a controller that runs. It ends with this value, or with the process that started it: its standard
/// input is a pipe, and Samba ends when that closes.
#[derive(Debug)]
pub struct Domain {
    folder: PathBuf,
    number: u8,
    samba: Child,
    /// Held as long as the address is in use; the system lets go of it when the process ends.
    _lock: File,
}

impl Domain {
    /// A new domain, with an administrator and nobody else.
    ///
    /// # Errors
    /// When Samba does not come up.
    ///
    /// # Panics
    /// If Samba is not installed.
    pub fn start() -> Result<Self> {
        template::require();
        let template = template::template()?;
        let (number, lock) = free()?;
        let folder = template::folder().join(number.to_string());
        if folder.exists() {
            at(&folder, fs::remove_dir_all(&folder))?;
        }
        template::copy(&template, &folder)?;
        configure(&template, &folder, number)?;
        let samba = run(&folder, number)?;
        Ok(Self { folder, number, samba, _lock: lock })
    }

    /// Where it listens for LDAPS, by the address that is in its certificate.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{}:{LDAPS}", address(self.number))
    }

    /// Where it listens for LDAP, which it takes `StartTLS` on and refuses passwords without.
    #[must_use]
    pub fn plain_server(&self) -> String {
        format!("{}:{LDAP}", address(self.number))
    }

    /// Where it listens for LDAPS, too, by an address that is not in its certificate.
    #[must_use]
    pub fn unnamed_server(&self) -> String {
        format!("{}:{LDAPS}", unnamed(self.number))
    }

    /// The address in the certificate.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        address(self.number)
    }

    /// The certificate to trust (PEM).
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    /// A connection as the domain's administrator.
    ///
    /// # Errors
    /// When the controller does not answer.
    pub fn admin(&self) -> Result<Admin> {
        Admin::connect(&self.server(), &self.certificate())
    }

    /// SIGKILL: nothing is finished, nothing is said to whoever is connected.
    ///
    /// # Errors
    /// When the system does not do it.
    pub fn kill(&mut self) -> Result<()> {
        let done = self.samba.kill().and_then(|()| self.samba.wait().map(|_| ()));
        done.map_err(|error| failed("killing the controller", error))
    }

    /// Starts the controller after [`kill`](Self::kill), with what it had written.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        self.samba = run(&self.folder, self.number)?;
        Ok(())
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        _ = self.kill();
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// The first number that nobody has: no other test, and nothing else that listens there.
fn free() -> Result<(u8, File)> {
    for number in 1..=ADDRESSES {
        let path = std::env::temp_dir().join(format!("mailsec-domain-{number}.lock"));
        // Another user's file is another user's domain.
        let Ok(lock) = File::create(path) else { continue };
        if lock.try_lock().is_ok() && TcpListener::bind((address(number), LDAPS)).is_ok() {
            return Ok((number, lock));
        }
    }
    Err(failed(
        "a domain on loopback",
        format!("none of {ADDRESSES} addresses is free, or this user may not listen on port {LDAPS}"),
    ))
}

fn configure(template: &Path, folder: &Path, number: u8) -> Result<()> {
    let path = config(folder);
    let text = at(&path, fs::read_to_string(&path))?
        .replace(&template.display().to_string(), &folder.display().to_string())
        .lines()
        .filter(|line| !line.trim_start().starts_with("interfaces ="))
        .collect::<Vec<_>>()
        .join("\n");
    let own = format!(
        "[global]\n\ttls keyfile = {0}/key.pem\n\ttls certfile = {0}/cert.pem\n\ttls cafile = {0}/cert.pem\n\
         \tpid directory = {0}\n\tncalrpc dir = {0}/ncalrpc\n\tinterfaces = {1}/8 {2}/8\n",
        folder.display(),
        address(number),
        unnamed(number),
    );
    at(&path, fs::write(&path, text.replacen("[global]\n", &own, 1)))
}

fn config(folder: &Path) -> PathBuf {
    folder.join("etc/smb.conf")
}

/// One process and no children, so that a kill leaves nothing of it.
fn run(folder: &Path, number: u8) -> Result<Child> {
    let log = folder.join("samba.log");
    let out = at(&log, File::options().create(true).append(true).open(&log))?;
    let err = at(&log, out.try_clone())?;
    let mut samba = Command::new("samba")
        .args(["-M", "single", "-F", "--no-process-group", "--debug-stdout", "-s"])
        .arg(config(folder))
        .stdin(Stdio::piped())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|error| failed("samba", error))?;
    let since = Instant::now();
    // The last address that it opens.
    let last = SocketAddr::from((unnamed(number), LDAPS));
    while TcpStream::connect_timeout(&last, Duration::from_secs(1)).is_err() {
        let gone = samba.try_wait().ok().flatten();
        if gone.is_some() || since.elapsed() > LIMIT {
            _ = samba.kill().and_then(|()| samba.wait().map(|_| ()));
            let said = fs::read_to_string(&log).unwrap_or_default();
            return Err(failed("samba", format!("it did not come up ({gone:?}):\n{said}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(samba)
}
