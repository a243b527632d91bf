//! One SMTP session of the transport stand-in.

use crate::ledger::Ledger;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A sender that says nothing for so long is cut off.
const IDLE: Duration = Duration::from_secs(60);
/// How often a waiting session looks whether the service stops.
const LOOK: Duration = Duration::from_millis(100);
/// The largest message taken.
const LARGEST: usize = 32 << 20;

/// Speaks with one sender until it leaves or the service stops.
pub fn serve(stream: TcpStream, host: &str, ledger: &Ledger, stop: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LOOK))?;
    let mut session = Session { stream, buffer: Vec::new(), stop };
    session.say(&format!("220 {host} Microsoft ESMTP MAIL Service ready at {}", crate::events::now()))?;
    let (mut greeted, mut sender, mut recipients) = (false, false, 0);
    loop {
        let Some(line) = session.line()? else { return Ok(()) };
        let upper = line.to_ascii_uppercase();
        match upper.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => {
                greeted = true;
                session
                    .say(&format!("250-{host} Hello [127.0.0.1]\r\n250-SIZE {LARGEST}\r\n250 8BITMIME"))?;
            }
            "HELO" => {
                greeted = true;
                session.say(&format!("250 {host} Hello [127.0.0.1]"))?;
            }
            "MAIL" if greeted && !sender && upper.starts_with("MAIL FROM:") => {
                sender = true;
                session.say("250 2.1.0 Sender OK")?;
            }
            "RCPT" if sender && upper.starts_with("RCPT TO:") => {
                recipients += 1;
                session.say("250 2.1.5 Recipient OK")?;
            }
            "DATA" if recipients > 0 => {
                session.say("354 Start mail input; end with <CRLF>.<CRLF>")?;
                let Some((message_id, size)) = session.message()? else { return Ok(()) };
                (sender, recipients) = (false, 0);
                // Only what is on the device is acknowledged: from here on the sender forgets the message.
                let taken = ledger.accept(&message_id, size);
                match taken {
                    Ok(sequence) => session.say(&format!(
                        "250 2.6.0 <{message_id}> [InternalId={sequence}, Hostname={host}] Queued mail for delivery"
                    ))?,
                    Err(_) => session.say("452 4.3.1 Insufficient system resources")?,
                }
            }
            "RSET" => {
                (sender, recipients) = (false, 0);
                session.say("250 2.0.0 Resetting")?;
            }
            "NOOP" => session.say("250 2.0.0 OK")?,
            "QUIT" => {
                session.say("221 2.0.0 Service closing transmission channel")?;
                return Ok(());
            }
            "MAIL" | "RCPT" | "DATA" => session.say("503 5.5.1 Bad sequence of commands")?,
            _ => session.say("500 5.3.3 Unrecognized command")?,
        }
    }
}

struct Session<'a> {
    stream: TcpStream,
    buffer: Vec<u8>,
    stop: &'a AtomicBool,
}

impl Session<'_> {
    fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())
    }

    /// The next line without its end; nothing if the sender left or the service stops.
    fn line(&mut self) -> io::Result<Option<String>> {
        Ok(self.bytes()?.map(|bytes| String::from_utf8_lossy(&bytes).trim_end().to_owned()))
    }

    fn bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        let since = Instant::now();
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.buffer.drain(..=end).collect()));
            }
            if self.stop.load(Ordering::SeqCst) || since.elapsed() > IDLE || self.buffer.len() > LARGEST {
                self.say("421 4.3.2 Service not available")?;
                return Ok(None);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// The message after DATA: its `Message-ID` and its size.
    fn message(&mut self) -> io::Result<Option<(String, u64)>> {
        let (mut message_id, mut size, mut headers) = (String::new(), 0u64, true);
        while let Some(bytes) = self.bytes()? {
            let line = String::from_utf8_lossy(&bytes);
            let line = line.trim_end_matches(['\r', '\n']);
            if line == "." {
                return Ok(Some((message_id, size)));
            }
            // A line that begins with a dot was sent with one more.
            size += bytes.len() as u64 - u64::from(line.starts_with('.'));
            headers &= !line.is_empty();
            if headers
                && let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("message-id")
            {
                message_id = value.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
            }
        }
        Ok(None)
    }
}
