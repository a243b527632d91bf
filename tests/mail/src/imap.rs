//! Dovecot, in a folder of its own, with a certificate of its own.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(30);

/// Who logs on.
pub(crate) const USER: &str = "probe";

pub(crate) struct Dovecot {
    child: Child,
    config: PathBuf,
}

impl Dovecot {
    pub(crate) fn start(
        folder: &Path,
        imaps: SocketAddr,
        imap: SocketAddr,
        password: &str,
        (uid, gid): (u32, u32),
    ) -> Self {
        let names = vec!["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let at = folder.display();
        let (imaps_port, imap_port) = (imaps.port(), imap.port());
        let config = folder.join("dovecot.conf");
        let text = format!(
            "base_dir = {at}/run\n\
             state_dir = {at}/state\n\
             log_path = {at}/dovecot.log\n\
             protocols = imap\n\
             listen = 127.0.0.1\n\
             ssl = required\n\
             ssl_cert = <{at}/cert.pem\n\
             ssl_key = <{at}/key.pem\n\
             mail_location = maildir:{at}/mail/probe\n\
             first_valid_uid = 1\n\
             mail_max_userip_connections = 100\n\
             service imap-login {{\n\
               inet_listener imap {{\n port = {imap_port}\n }}\n\
               inet_listener imaps {{\n port = {imaps_port}\n ssl = yes\n }}\n\
             }}\n\
             service stats {{\n client_limit = 1000\n }}\n\
             passdb {{\n driver = static\n args = user={USER} password={password}\n }}\n\
             userdb {{\n driver = static\n args = uid={uid} gid={gid} home={at}/mail\n }}\n"
        );
        fs::write(&config, text).unwrap();
        let child = Command::new("dovecot")
            .arg("-F")
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("dovecot.err")).unwrap())
            .spawn()
            .expect("dovecot is not installed; `cargo xtask check` names the packages");
        let begun = Instant::now();
        while TcpStream::connect(imaps).is_err() {
            let log = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(
                begun.elapsed() < LIMIT,
                "Dovecot does not come up: {}{}",
                log("dovecot.err"),
                log("dovecot.log")
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, config }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        _ = Command::new("doveadm").arg("-c").arg(&self.config).arg("stop").output();
        _ = self.child.wait();
    }
}
