//! Messages to the Transport service itself.
//!
//! Written by hand, and not with a client's library: every line of every answer is evidence, and the verdict hangs on
//! which command was answered. A library answers with the last line and hides the place.

use crate::blocking::blocking;
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure,
    host::{Answer, Mail, ProbeReport, ProbeVerdict},
    proof::{Letter, compose, is_marker},
};
use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// A line of an answer has at most 512 bytes (RFC 5321, 4.5.3.1.5); servers are allowed more here.
const LINE_LIMIT: usize = 4096;
const LINES_LIMIT: usize = 100;

/// Sends probes to one address.
#[derive(Clone, Debug)]
pub struct SmtpProbe {
    server: SocketAddr,
    limit: Duration,
    helo: String,
    recipient: String,
}

/// The recipient that every server must take, without a domain (RFC 5321, 4.5.1).
pub const POSTMASTER: &str = "postmaster";

impl SmtpProbe {
    /// Probes `server`, each within `limit`, as machine `name`, with a message to `recipient`.
    ///
    /// # Errors
    /// [`Code::BadArgument`] when the recipient could not stand between `<` and `>`.
    pub fn new(server: SocketAddr, limit: Duration, name: &str, recipient: &str) -> Result<Self, Failure> {
        checked(recipient)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let name: String = name.chars().filter(|c| allowed(*c)).collect();
        let helo = if name.is_empty() { "localhost".to_owned() } else { name };
        Ok(Self { server, limit, helo, recipient: recipient.to_owned() })
    }
}

/// An address that can stand between `<` and `>`.
fn checked(recipient: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_graphic() && !"<>".contains(c);
    if !recipient.is_empty() && recipient.chars().all(fits) {
        return Ok(());
    }
    Err(Failure::new(Code::BadArgument, "this is not an address of mail")
        .expected("an address such as postmaster@example.org")
        .found(recipient))
}

#[async_trait]
impl Mail for SmtpProbe {
    async fn probe(&self, marker: &str) -> Answer<ProbeReport> {
        self.send(marker, Letter::Clean, &self.recipient).await
    }

    async fn send(&self, marker: &str, letter: Letter, recipient: &str) -> Answer<ProbeReport> {
        if !is_marker(marker) {
            return Err(Failure::new(Code::BadArgument, "a probe's marker is not one")
                .expected("letters, digits, hyphens, periods, underscores")
                .found(marker));
        }
        checked(recipient)?;
        let message = compose(marker, letter, recipient);
        let probe = Self { recipient: recipient.to_owned(), ..self.clone() };
        blocking(move || probe.deliver(message)).await
    }
}

/// What ended the conversation before the message was accepted.
enum Stop {
    /// The server answered with this code.
    Answer(u16),
    /// The server answered the message itself with this code.
    Verdict(u16),
    /// The server wants something of *this* message (a log-on, another recipient), which says nothing of others.
    Unfit,
    /// No connection, or it broke, or the time was up: senders keep their mail and try again.
    Connection,
}

struct Conversation {
    stream: BufReader<TcpStream>,
    ends: Instant,
    evidence: Vec<String>,
}

impl SmtpProbe {
    fn deliver(&self, message: String) -> Result<ProbeReport, Failure> {
        let begun = Instant::now();
        let connect = |stream: TcpStream| Conversation {
            stream: BufReader::new(stream),
            ends: begun + self.limit,
            evidence: Vec::new(),
        };
        let (verdict, of_content, mut evidence) = match TcpStream::connect_timeout(&self.server, self.limit)
            .map(connect)
        {
            Err(e) => (ProbeVerdict::Deferred, false, vec![format!("connecting to {}: {e}", self.server)]),
            Ok(mut talk) => {
                // RFC 5321, 4.2.1: 4yz is transient, the sender tries again; 5yz is final, it gives up.
                let class = |code| if code >= 500 { ProbeVerdict::Refused } else { ProbeVerdict::Deferred };
                let (verdict, of_content) = match self.converse(&mut talk, message) {
                    Ok(()) => (ProbeVerdict::Accepted, true),
                    Err(Stop::Verdict(code)) => (class(code), true),
                    Err(Stop::Answer(code)) => (class(code), false),
                    Err(Stop::Connection) => (ProbeVerdict::Deferred, false),
                    Err(Stop::Unfit) => return Err(self.unfit(&talk.evidence)),
                };
                (verdict, of_content, talk.evidence)
            }
        };
        // Last line first.
        evidence.reverse();
        Ok(ProbeReport { verdict, of_content, evidence })
    }

    fn unfit(&self, evidence: &[String]) -> Failure {
        Failure::new(Code::MailProbe, "the server does not take the probe's message, so nothing is known of others")
            .expected(format!("a connector at {} that takes anonymous mail for {}", self.server, self.recipient))
            .found(evidence.last().cloned().unwrap_or_default())
            .hint("let the probe use another address: port 25 of the front end passes a message on to the transport \
                   service before it answers; or another recipient")
            .ask()
    }

    /// The null sender, so that nobody gets a report when the message cannot be delivered. Extensions are not used.
    fn converse(&self, talk: &mut Conversation, mut message: String) -> Result<(), Stop> {
        talk.expect("greeting", 2)?;
        talk.say(&format!("HELO {}", self.helo), 2)?;
        talk.say("MAIL FROM:<>", 2)?;
        talk.say(&format!("RCPT TO:<{}>", self.recipient), 2)?;
        talk.say("DATA", 3)?;
        // No line of it begins with a period, so none need be doubled (RFC 5321, 4.5.2).
        message.push('.');
        talk.say(&message, 2).map_err(|stop| match stop {
            Stop::Answer(code) => Stop::Verdict(code),
            other => other,
        })?;
        // It is accepted; how the server takes its leave does not matter.
        let _ = talk.put("QUIT");
        Ok(())
    }
}

impl Conversation {
    fn say(&mut self, text: &str, class: u16) -> Result<(), Stop> {
        let shown = if text.contains('\n') { "message" } else { text };
        self.put(text).map_err(|e| self.broke(shown, &e))?;
        self.expect(shown, class)
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.arm()?;
        self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes())
    }

    /// Gives the next call what is left of the time for the whole probe.
    fn arm(&self) -> io::Result<()> {
        let left = self.ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.get_ref().set_read_timeout(Some(left))?;
        self.stream.get_ref().set_write_timeout(Some(left))
    }

    fn broke(&mut self, after: &str, error: &io::Error) -> Stop {
        self.evidence.push(format!("after {after}: {error}"));
        Stop::Connection
    }

    fn expect(&mut self, after: &str, class: u16) -> Result<(), Stop> {
        match self.answer() {
            Ok(code) if code / 100 == class => Ok(()),
            // 530 is "log on first" (RFC 4954); the "Default" connector on port 2525 says so to anonymous clients.
            // Enhanced codes 5.1 and 5.7 are about an address and about rights (RFC 3463).
            Ok(530) => Err(Stop::Unfit),
            Ok(500..) if after.starts_with("RCPT") && self.last_is_about(&["5.1.", "5.7."]) => {
                Err(Stop::Unfit)
            }
            Ok(code) => Err(Stop::Answer(code)),
            Err(e) => Err(self.broke(after, &e)),
        }
    }

    fn last_is_about(&self, kinds: &[&str]) -> bool {
        let said = self.evidence.last().and_then(|line| line.get(4..)).unwrap_or_default();
        kinds.iter().any(|kind| said.starts_with(kind))
    }

    /// Armed before each read and not once a line: with every byte that drips in, the whole time would begin again.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            if line.len() >= LINE_LIMIT {
                return Err(io::Error::other("a line of the answer does not end"));
            }
            self.arm()?;
            let read = match self.stream.fill_buf() {
                Ok([]) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(bytes) => bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            line.extend_from_slice(read);
            let taken = read.len();
            self.stream.consume(taken);
        }
        Ok(line)
    }

    /// One answer, which may have several lines; its code is that of the last.
    fn answer(&mut self) -> io::Result<u16> {
        for _ in 0..LINES_LIMIT {
            let line = self.line()?;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            self.evidence.push(line.chars().take(500).collect());
            let code =
                line.get(..3).and_then(|code| code.parse().ok()).filter(|code| (200..600).contains(code));
            let code = code.ok_or_else(|| io::Error::other("this is not an answer of a mail server"))?;
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(code);
            }
        }
        Err(io::Error::other("the answer does not end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, thread};

    /// A server that answers each line with the next of `answers`, and the message with the one after.
    fn probe(answers: &'static [&'static str]) -> (Result<ProbeReport, Failure>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut heard = String::new();
            let mut in_data = false;
            for answer in answers {
                stream.write_all(answer.as_bytes()).unwrap();
                loop {
                    let before = heard.len();
                    if lines.read_line(&mut heard).unwrap_or(0) == 0 {
                        return heard;
                    }
                    let line = heard[before..].trim_end().to_owned();
                    if !in_data || line == "." {
                        in_data = line == "DATA";
                        break;
                    }
                }
            }
            heard
        });
        let report = SmtpProbe::new(address, Duration::from_millis(700), "mx 1", POSTMASTER).unwrap();
        let report = report.deliver(compose("m-1", Letter::Clean, POSTMASTER));
        (report, server.join().unwrap())
    }

    #[test]
    fn accepted_means_that_the_server_took_the_message() {
        let (report, heard) = probe(&[
            "220-a\r\n220 b\r\n",
            "250 hi\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "354 go\r\n",
            "250 queued\r\n",
        ]);
        let report = report.unwrap();
        assert_eq!((report.verdict, report.evidence[0].as_str()), (ProbeVerdict::Accepted, "250 queued"));
        assert!(heard.starts_with("HELO mx1\r\nMAIL FROM:<>\r\n"), "{heard}");
        assert!(heard.contains("Message-ID: <m-1@mailsec.invalid>\r\n"));
    }

    #[test]
    fn transient_answers_and_broken_connections_defer_and_final_ones_refuse() {
        let verdict = |answers| probe(answers).0.unwrap().verdict;
        let of_content = |answers| probe(answers).0.unwrap().of_content;
        assert!(!of_content(&["220 a\r\n", "250 b\r\n", "550 no\r\n"]));
        assert!(of_content(&[
            "220 a\r\n",
            "250 b\r\n",
            "250 c\r\n",
            "250 d\r\n",
            "354 go\r\n",
            "550 virus\r\n"
        ]));
        // The connection breaks while the message is judged: nothing is known of it.
        assert!(!of_content(&["220 a\r\n", "250 b\r\n", "250 c\r\n", "250 d\r\n", "354 go\r\n", ""]));
        assert_eq!(
            verdict(&["220 a\r\n", "250 b\r\n", "421 4.3.2 Service not available\r\n"]),
            ProbeVerdict::Deferred
        );
        assert_eq!(verdict(&["220 a\r\n", "250 b\r\n", "550 no\r\n"]), ProbeVerdict::Refused);
        assert_eq!(verdict(&["554 no\r\n"]), ProbeVerdict::Refused);
        assert_eq!(verdict(&["220 a\r\n", "250 b"]), ProbeVerdict::Deferred);
        assert_eq!(verdict(&["hello\r\n"]), ProbeVerdict::Deferred);
        assert_eq!(verdict(&[""]), ProbeVerdict::Deferred);
    }

    #[test]
    fn what_is_wrong_with_the_probe_itself_is_no_verdict_on_mail() {
        let refused = |answers| probe(answers).0.unwrap_err().code;
        assert_eq!(refused(&["220 a\r\n", "250 b\r\n", "530 5.7.57 not authenticated\r\n"]), Code::MailProbe);
        let unknown = &["220 a\r\n", "250 b\r\n", "250 c\r\n", "550 5.1.10 no such recipient\r\n"];
        assert_eq!(refused(unknown), Code::MailProbe);
        let address = SocketAddr::from(([127, 0, 0, 1], 25));
        assert!(SmtpProbe::new(address, Duration::ZERO, "", "a>\r\nDATA").is_err());
    }

    #[test]
    fn a_server_that_drips_gets_no_more_time_than_one_that_is_silent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // A line that would be whole in time only if each byte had a time of its own.
            for byte in "220 ".bytes().chain(std::iter::repeat_n(b'x', 200)) {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
        });
        let begun = Instant::now();
        let probe = SmtpProbe::new(address, Duration::from_millis(400), "", POSTMASTER).unwrap();
        let report = probe.deliver(String::new()).unwrap();
        let took = begun.elapsed();
        assert_eq!(report.verdict, ProbeVerdict::Deferred);
        assert!(took < Duration::from_secs(3), "{took:?}");
        server.join().unwrap();
    }

    #[test]
    fn nobody_at_home_defers() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let report = SmtpProbe::new(address, Duration::from_secs(1), "", POSTMASTER)
            .unwrap()
            .deliver(String::new())
            .unwrap();
        assert_eq!(report.verdict, ProbeVerdict::Deferred);
        assert!(report.evidence[0].starts_with("connecting to 127.0.0.1:"));
    }
}
