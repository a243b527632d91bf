//! A process that serves the page, and plain requests to it.

use crate::harness::{Place, Ran};
use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

/// Nothing that is asked here takes as long.
pub(super) const HANGS: Duration = Duration::from_secs(60);

/// `mailsec serve`, killed when it is dropped.
pub(super) struct Served {
    child: Child,
    rest: Option<JoinHandle<String>>,
    /// Where the page is.
    pub(super) at: SocketAddr,
    /// What it said, the address of the door among it.
    pub(super) said: String,
    /// The one-time token.
    pub(super) token: String,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Served {
    /// At a free port of this machine.
    pub(super) fn start(place: &Place) -> Self {
        Self::spawn(place.command(["serve", "--listen", "127.0.0.1:0"]))
    }

    pub(super) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("/enter?token=") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "it ended:\n{said}");
        }
        let url = said.split_whitespace().find(|word| word.contains("/enter?token=")).unwrap();
        let (address, token) = url.split_once("/enter?token=").unwrap();
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        let (at, token) = (SocketAddr::from(([127, 0, 0, 1], port)), token.to_owned());
        let rest = std::thread::spawn(move || {
            let mut text = String::new();
            _ = stderr.read_to_string(&mut text);
            text
        });
        Self { child, rest: Some(rest), at, said, token }
    }

    /// The page's address in a browser.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    /// The address of the door.
    pub(super) fn door(&self) -> String {
        self.url(&format!("/enter?token={}", self.token))
    }

    /// A connection.
    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream
    }

    /// Sends bytes as they are and reads what comes until the other side has said all.
    pub(super) fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that has heard enough may hang up in the middle.
        _ = stream.write_all(bytes);
        Answer::read(&mut stream)
    }

    /// A request with these headers beside `Host`.
    pub(super) fn ask(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            write!(head, "Host: {}\r\n", self.at).unwrap();
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        self.send(format!("{head}\r\n{body}").as_bytes())
    }

    /// Comes in by the token; the cookie.
    pub(super) fn enter(&self) -> String {
        let answer = self.ask(&format!("GET /enter?token={}", self.token), &[], "");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// Reads a page.
    pub(super) fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[("Cookie", cookie)], "")
    }

    /// Sends a form as the page's own would come.
    pub(super) fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.at);
        let headers = [("Cookie", cookie), ("Origin", origin.as_str()), FORM];
        self.ask(&format!("POST {path}"), &headers, &encoded(fields))
    }

    /// Ends it as Ctrl-C would.
    pub(super) fn interrupted(mut self) -> Ran {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code();
        Ran { code, signal: None, stdout, stderr: self.rest.take().unwrap().join().unwrap() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// What a form says that it is.
pub(super) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Fields as a form has them.
pub(super) fn encoded(fields: &[(&str, &str)]) -> String {
    let one = |text: &str| {
        let byte = |b: &u8| match b {
            b if b.is_ascii_alphanumeric() => char::from(*b).to_string(),
            b => format!("%{b:02X}"),
        };
        text.as_bytes().iter().map(byte).collect::<String>()
    };
    fields.iter().map(|(name, value)| format!("{}={}", one(name), one(value))).collect::<Vec<_>>().join("&")
}

impl Answer {
    pub(super) fn read(stream: &mut impl Read) -> Self {
        let mut bytes = Vec::new();
        // What came before the other side hung up counts.
        _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// A header; empty when it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        let line = |line: &'_ str| line.split_once(": ").is_some_and(|(key, _)| key == name);
        self.head.lines().find(|one| line(one)).map_or("", |line| line.split_once(": ").unwrap().1)
    }

    /// The secret of the first form.
    pub(super) fn form(&self) -> String {
        let after = self.body.split_once("name=\"form\" value=\"").expect("there is a form").1;
        after.split('"').next().unwrap().to_owned()
    }
}
