//! Senders: what hands mail to the lab's server, and keeps what the server did not take.

use crate::error::{LabError, Result};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the server may take for one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a sender waits before it tries again.
const RETRY: Duration = Duration::from_millis(50);

/// One connection to the server.
struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.set_nodelay(true)?;
        let mut connection = Self { reader: BufReader::new(stream) };
        connection.expect("220")?;
        connection.ask("EHLO sender.lab.test", "250")?;
        Ok(connection)
    }

    fn send(&mut self, message_id: &str) -> io::Result<()> {
        self.ask("MAIL FROM:<sender@lab.test>", "250")?;
        self.ask("RCPT TO:<recipient@lab.test>", "250")?;
        self.ask("DATA", "354")?;
        self.ask(
            &format!(
                "Message-ID: <{message_id}>\r\nFrom: sender@lab.test\r\nTo: recipient@lab.test\r\n\
                 Subject: lab\r\n\r\nA message of the lab.\r\n."
            ),
            "250",
        )
    }

    fn ask(&mut self, line: &str, code: &str) -> io::Result<()> {
        self.reader.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.expect(code)
    }

    fn expect(&mut self, code: &str) -> io::Result<()> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if !line.starts_with(code) {
                return Err(io::Error::other(line.trim_end().to_owned()));
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }
}

/// Sends so many messages, each once. Gives their ids; all of them were acknowledged.
pub(crate) fn send(port: u16, count: u32) -> Result<Vec<String>> {
    let failed = |e: io::Error| LabError::failed("sending mail", e);
    let mut connection = Connection::open(port).map_err(failed)?;
    let mut sent = Vec::new();
    for _ in 0..count {
        let message_id = new_message_id();
        connection.send(&message_id).map_err(failed)?;
        sent.push(message_id);
    }
    Ok(sent)
}

fn new_message_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{}.{}@sender.lab.test", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a sender saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderReport {
    /// The messages that the server acknowledged, in order.
    pub acknowledged: Vec<String>,
    /// The messages that it never acknowledged: still in the sender's queue.
    pub queued: Vec<String>,
    /// Attempts that failed. A message may be taken by the server in one whose acknowledgement was lost.
    pub failed_attempts: u32,
    /// The longest time between a message's first attempt and its acknowledgement.
    pub longest_wait: Duration,
}

/// A sender that goes on in the background: it makes a message now and then, and keeps each until it is acknowledged.
#[derive(Debug)]
pub struct Sender {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<SenderReport>>,
}

impl Sender {
    pub(crate) fn start(port: u16, interval: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        Self { stop, thread: Some(thread::spawn(move || work(port, interval, &asked))) }
    }

    /// Makes no new message, gives what is queued a last chance of so long, and reports.
    pub fn finish(mut self) -> Result<SenderReport> {
        self.stop.store(true, Ordering::SeqCst);
        let thread = self.thread.take().ok_or_else(|| LabError::failed("sender", "finished twice"))?;
        thread.join().map_err(|_| LabError::failed("sender", "it panicked"))
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// How long a message is tried after the sender was told to finish.
const LAST_CHANCE: Duration = Duration::from_secs(10);

fn work(port: u16, interval: Duration, stop: &AtomicBool) -> SenderReport {
    let mut report = SenderReport {
        acknowledged: Vec::new(),
        queued: Vec::new(),
        failed_attempts: 0,
        longest_wait: Duration::ZERO,
    };
    let mut connection = None;
    while !stop.load(Ordering::SeqCst) {
        let message_id = new_message_id();
        let since = Instant::now();
        let mut told_to_stop = None;
        loop {
            let attempt = connection
                .take()
                .map_or_else(|| Connection::open(port), Ok)
                .and_then(|mut open| open.send(&message_id).map(|()| open));
            if let Ok(open) = attempt {
                connection = Some(open);
                report.longest_wait = report.longest_wait.max(since.elapsed());
                report.acknowledged.push(message_id);
                break;
            }
            report.failed_attempts += 1;
            if stop.load(Ordering::SeqCst)
                && told_to_stop.get_or_insert_with(Instant::now).elapsed() > LAST_CHANCE
            {
                report.queued.push(message_id);
                break;
            }
            thread::sleep(RETRY);
        }
        thread::sleep(interval);
    }
    report
}
