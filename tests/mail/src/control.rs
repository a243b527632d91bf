//! How another process, which may be killed, switches the bed, which goes on.

use crate::{Manner, Scanner, mta::Postfix};
use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// How mail is to be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Not at all.
    Closed,
    /// Taken and looked at.
    Scanned,
    /// Taken.
    Unscanned,
}

const WORDS: [(Wanted, &str); 3] =
    [(Wanted::Closed, "closed"), (Wanted::Scanned, "scanned"), (Wanted::Unscanned, "unscanned")];

pub(crate) fn listen(postfix: Arc<Mutex<Postfix>>, scanner: Scanner) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (postfix, scanner) = (Arc::clone(&postfix), scanner.clone());
            thread::spawn(move || {
                let mut answers = stream.try_clone().unwrap();
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let wanted =
                        WORDS.iter().find(|(_, word)| *word == line).expect("a word of the control").0;
                    let postfix = postfix.lock().unwrap();
                    match wanted {
                        Wanted::Closed => postfix.stop(),
                        // Agents are loaded when transport starts: switched first, then started.
                        Wanted::Scanned | Wanted::Unscanned => {
                            scanner.set(if wanted == Wanted::Scanned {
                                Manner::Replace
                            } else {
                                Manner::Off
                            });
                            postfix.start();
                        }
                    }
                    drop(postfix);
                    // Who asked may have been killed meanwhile.
                    _ = answers.write_all(b"done\n");
                }
            });
        }
    });
    address
}

/// The other end of it.
pub struct Control(Mutex<(BufReader<TcpStream>, Option<Wanted>)>);

impl Control {
    /// Connects.
    ///
    /// # Panics
    /// When the bed is gone.
    #[must_use]
    pub fn connect(bed: SocketAddr) -> Self {
        Self(Mutex::new((BufReader::new(TcpStream::connect(bed).unwrap()), None)))
    }

    /// Has mail met so, and waits until it is.
    pub fn want(&self, wanted: Wanted) {
        let (stream, last) = &mut *self.0.lock().unwrap();
        if *last == Some(wanted) {
            return;
        }
        let word = WORDS.iter().find(|(other, _)| *other == wanted).expect("every one has a word").1;
        stream.get_mut().write_all(format!("{word}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n");
        *last = Some(wanted);
    }
}
