//! An IMAP server that does little, and remembers what it was asked.

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What it has, and what it did.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// By number, as they were delivered.
    pub(crate) messages: BTreeMap<u32, String>,
    /// Commands after the log-on, in order.
    pub(crate) commands: Vec<String>,
    /// Messages of which more than the Message-ID was fetched.
    pub(crate) read: Vec<u32>,
    /// How long each command takes.
    pub(crate) takes: Duration,
    /// After so many messages are gone it answers no more.
    pub(crate) hangs_after: Option<usize>,
    gone: usize,
}

/// Begins to listen; gives back its address, and leaves its certificate in `trust`.
pub(crate) fn start(mailbox: &Arc<Mutex<Mailbox>>, trust: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(trust, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (config, mailbox) = (Arc::new(config), Arc::clone(mailbox));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, mailbox) = (Arc::clone(&config), Arc::clone(&mailbox));
            // Whoever looks may have had enough at any time.
            thread::spawn(move || converse(stream, config, &mailbox));
        }
    });
    format!("localhost:{port}")
}

fn converse(stream: TcpStream, config: Arc<ServerConfig>, mailbox: &Mutex<Mailbox>) -> io::Result<()> {
    let connection = ServerConnection::new(config).unwrap();
    let mut talk = BufReader::new(StreamOwned::new(connection, stream));
    talk.get_mut().write_all(b"* OK ready\r\n")?;
    loop {
        let mut line = String::new();
        if talk.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let Some((tag, command)) = line.trim_end().split_once(' ') else { return Ok(()) };
        let takes = mailbox.lock().unwrap().takes;
        thread::sleep(takes);
        let Some(said) = mailbox.lock().unwrap().does(command) else {
            // Until the other side has had enough.
            return talk.read_line(&mut String::new()).map(drop);
        };
        talk.get_mut().write_all(format!("{said}{tag} OK done\r\n").as_bytes())?;
    }
}

impl Mailbox {
    /// A message with this Message-ID.
    pub(crate) fn deliver(&mut self, message_id: &str) -> u32 {
        let uid = self.messages.last_key_value().map_or(1, |(uid, _)| uid + 1);
        let message = format!("Subject: a letter\r\nMessage-ID: {message_id}\r\n\r\nIts text.\r\n");
        self.messages.insert(uid, message);
        uid
    }

    fn does(&mut self, command: &str) -> Option<String> {
        let words: Vec<&str> = command.split(' ').collect();
        if !matches!(words[0], "LOGIN" | "SELECT" | "LOGOUT") {
            self.commands.push(command.to_owned());
        }
        Some(match words.as_slice() {
            ["SELECT", ..] => format!("* {} EXISTS\r\n", self.messages.len()),
            ["CAPABILITY"] => "* CAPABILITY IMAP4rev1 UIDPLUS\r\n".to_owned(),
            ["UID", "SEARCH", ..] => self.search(command),
            ["UID", "FETCH", uids, ..] => self.fetch(uids, command),
            ["UID", "EXPUNGE", uids] => {
                if self.hangs_after.is_some_and(|count| self.gone >= count) {
                    return None;
                }
                let before = self.messages.len();
                for uid in numbers(uids) {
                    self.messages.remove(&uid);
                }
                self.gone += before - self.messages.len();
                String::new()
            }
            _ => String::new(),
        })
    }

    /// Every quoted text must be in the Message-ID.
    fn search(&self, command: &str) -> String {
        let wanted: Vec<&str> = command.split('"').skip(1).step_by(2).collect();
        let found = self.messages.iter().filter(|(_, message)| {
            let id = message.lines().find(|line| line.starts_with("Message-ID")).unwrap();
            wanted.iter().all(|text| id.contains(text))
        });
        let uids: Vec<String> = found.map(|(uid, _)| uid.to_string()).collect();
        format!("* SEARCH {}\r\n", uids.join(" ")).replace(" \r\n", "\r\n")
    }

    fn fetch(&mut self, uids: &str, command: &str) -> String {
        let whole = !command.contains("HEADER.FIELDS (MESSAGE-ID)");
        let mut said = String::new();
        for uid in numbers(uids) {
            let Some(message) = self.messages.get(&uid) else { continue };
            let (section, part) = if whole {
                self.read.push(uid);
                ("BODY[]<0>", message.clone())
            } else {
                let id = message.lines().find(|line| line.starts_with("Message-ID")).unwrap();
                ("BODY[HEADER.FIELDS (MESSAGE-ID)]", format!("{id}\r\n\r\n"))
            };
            said.push_str(&format!("* {uid} FETCH (UID {uid} {section} {{{}}}\r\n{part})\r\n", part.len()));
        }
        said
    }
}

fn numbers(uids: &str) -> Vec<u32> {
    uids.split(',').map(|uid| uid.parse().unwrap()).collect()
}
