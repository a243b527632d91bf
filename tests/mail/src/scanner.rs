//! What stands in for the product: a proxy between Postfix's listener and its queue, which looks for the test file.

use mailsec_core::proof::{Letter, compose, holds_test_file, marker_of};
use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What is done with a message that holds the test file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It is let through: nobody scans.
    Off,
    /// It goes on without the file.
    Replace,
    /// 550, at the end of the message.
    Reject,
    /// 250, and it goes nowhere.
    Drop,
    /// 451, at the end of the message.
    TurnAway,
}

/// A message with the test file that came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its marker.
    pub marker: String,
    /// What was done with it.
    pub manner: Manner,
}

/// The scanner: it can be switched, and remembers what came by.
#[derive(Clone)]
pub struct Scanner {
    manner: Arc<Mutex<Manner>>,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Scanner {
    pub(crate) fn start(listener: TcpListener, behind: SocketAddr) -> Self {
        let scanner = Self { manner: Arc::new(Mutex::new(Manner::Replace)), passed: Arc::default() };
        let running = scanner.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let one = running.clone();
                // A conversation that breaks is the server's to end.
                thread::spawn(move || _ = one.converse(stream, behind));
            }
        });
        scanner
    }

    /// Switches it.
    pub fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// All that came by with the test file in it.
    #[must_use]
    pub fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap().clone()
    }

    /// Line by line both ways; only the message itself is held back until it was looked at.
    fn converse(&self, client: TcpStream, behind: SocketAddr) -> io::Result<()> {
        let server = TcpStream::connect(behind)?;
        let (mut to_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
        let (mut from_client, mut from_server) = (BufReader::new(client), BufReader::new(server));
        relay(&mut from_server, &mut to_client)?;
        loop {
            let Some(command) = line(&mut from_client)? else { return Ok(()) };
            to_server.write_all(&command)?;
            let answer = relay(&mut from_server, &mut to_client)?;
            if command.to_ascii_uppercase().starts_with(b"DATA") && answer.starts_with(b"354") {
                self.message(&mut from_client, &mut to_client, &mut from_server, &mut to_server)?;
            }
        }
    }

    fn message(
        &self,
        from_client: &mut impl BufRead,
        to_client: &mut TcpStream,
        from_server: &mut impl BufRead,
        to_server: &mut TcpStream,
    ) -> io::Result<()> {
        let mut message = Vec::new();
        loop {
            let Some(line) = line(from_client)? else { return Ok(()) };
            if line == b".\r\n" {
                break;
            }
            message.extend(line);
        }
        if holds_test_file(&message) {
            let manner = *self.manner.lock().unwrap();
            let marker = marker(&message).unwrap_or_default();
            self.passed.lock().unwrap().push(Passed { marker: marker.clone(), manner });
            let answer = match manner {
                Manner::Off => None,
                Manner::Replace => {
                    message = compose(&marker, Letter::Clean, "somebody@mail01.test").into_bytes();
                    None
                }
                Manner::Reject => Some("550 5.5.0 the message holds a virus\r\n"),
                Manner::Drop => Some("250 2.5.0 accepted\r\n"),
                Manner::TurnAway => Some("451 4.5.1 try again\r\n"),
            };
            if let Some(answer) = answer {
                to_client.write_all(answer.as_bytes())?;
                // The server behind still waits for a message, and is left.
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
        message.extend(b".\r\n");
        to_server.write_all(&message)?;
        relay(from_server, to_client).map(drop)
    }
}

fn marker(message: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"))?;
    marker_of(line.split_once(':')?.1).map(str::to_owned)
}

fn line(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    Ok((from.read_until(b'\n', &mut line)? > 0).then_some(line))
}

/// One answer, of one line or several; the last one is returned.
fn relay(from: &mut impl BufRead, to: &mut TcpStream) -> io::Result<Vec<u8>> {
    loop {
        let line = line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        to.write_all(&line)?;
        if line.get(3) != Some(&b'-') {
            return Ok(line);
        }
    }
}
