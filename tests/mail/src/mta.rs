//! Postfix, in a folder of its own.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How long it may take to come up, or to go down.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Postfix {
    config: PathBuf,
    listens: SocketAddr,
}

/// The number of a user of this machine.
fn user(name: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let mut lines = users.lines().map(|line| line.split(':'));
    let number =
        lines.find_map(|mut parts| (parts.next() == Some(name)).then(|| parts.nth(1)?.parse().ok())?);
    number.expect("postfix is not installed; `cargo xtask check` names the packages")
}

impl Postfix {
    /// Configures it: `listens` to the world, mail goes through `scanner`, comes back at `behind`, and ends in `maildir`.
    pub(crate) fn configure(
        folder: &Path,
        listens: SocketAddr,
        scanner: SocketAddr,
        behind: SocketAddr,
        (uid, gid): (u32, u32),
    ) -> Self {
        let config = folder.join("postfix");
        for sub in ["postfix", "queue", "data"] {
            fs::create_dir_all(folder.join(sub)).unwrap();
        }
        let postfix = user("postfix");
        std::os::unix::fs::chown(folder.join("data"), Some(postfix), None).unwrap();
        let at = folder.display();
        let main = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {at}/queue\n\
             data_directory = {at}/data\n\
             daemon_directory = /usr/lib/postfix/sbin\n\
             command_directory = /usr/sbin\n\
             mail_owner = postfix\n\
             setgid_group = postdrop\n\
             maillog_file = {at}/postfix.log\n\
             maillog_file_prefixes = {at}\n\
             inet_interfaces = loopback-only\n\
             inet_protocols = ipv4\n\
             myhostname = mail01.test\n\
             mydestination =\n\
             mynetworks = 127.0.0.0/8\n\
             alias_maps =\n\
             alias_database =\n\
             smtpd_recipient_restrictions = permit_mynetworks, reject\n\
             smtpd_client_connection_count_limit = 0\n\
             virtual_mailbox_domains = mail01.test\n\
             virtual_mailbox_base = {at}/mail\n\
             virtual_mailbox_maps = static:probe/\n\
             virtual_uid_maps = static:{uid}\n\
             virtual_gid_maps = static:{gid}\n\
             queue_run_delay = 1s\n\
             minimal_backoff_time = 1s\n"
        );
        fs::write(config.join("main.cf"), main).unwrap();
        let master = format!(
            "{listens} inet n - n - - smtpd -o smtpd_proxy_filter={scanner}\n\
             {behind} inet n - n - - smtpd -o smtpd_authorized_xforward_hosts=127.0.0.0/8\n\
             pickup unix n - n 60 1 pickup\n\
             cleanup unix n - n - 0 cleanup\n\
             qmgr unix n - n 1 1 qmgr\n\
             rewrite unix - - n - - trivial-rewrite\n\
             bounce unix - - n - 0 bounce\n\
             defer unix - - n - 0 bounce\n\
             trace unix - - n - 0 bounce\n\
             verify unix - - n - 1 verify\n\
             flush unix n - n 1000? 0 flush\n\
             proxymap unix - - n - - proxymap\n\
             showq unix n - n - - showq\n\
             error unix - - n - - error\n\
             retry unix - - n - - error\n\
             virtual unix - n n - - virtual\n\
             anvil unix - - n - 1 anvil\n\
             scache unix - - n - 1 scache\n\
             postlog unix-dgram n - n - 1 postlogd\n"
        );
        fs::write(config.join("master.cf"), master).unwrap();
        Self { config, listens }
    }

    fn call(&self, what: &str) -> bool {
        let output =
            Command::new("postfix").arg("-c").arg(&self.config).arg(what).stdin(Stdio::null()).output();
        output.expect("postfix is not installed; `cargo xtask check` names the packages").status.success()
    }

    fn is_up(&self) -> bool {
        TcpStream::connect(self.listens).is_ok()
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(&self) {
        if self.is_up() {
            return;
        }
        assert!(self.call("start"), "Postfix does not start: {}", self.log());
        self.until(true);
    }

    /// Stops it, and waits until nobody listens.
    pub(crate) fn stop(&self) {
        if self.is_up() {
            // It says no when it was down already.
            self.call("stop");
        }
        self.until(false);
    }

    fn until(&self, up: bool) {
        let begun = Instant::now();
        while self.is_up() != up {
            assert!(
                begun.elapsed() < LIMIT,
                "Postfix does not come {}: {}",
                if up { "up" } else { "down" },
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.config.with_file_name("postfix.log")).unwrap_or_default()
    }
}
