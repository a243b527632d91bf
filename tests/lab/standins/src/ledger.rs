//! Every message that transport took over, written before it says so.

use crate::events::now;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// One accepted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Its number, counted from 1 over all starts of transport.
    pub sequence: u64,
    /// When it was accepted, in RFC 3339.
    pub time: String,
    /// Its `Message-ID`, without the angle brackets; empty if it has none.
    pub message_id: String,
    /// Its size in bytes.
    pub size: u64,
    /// The agents that were loaded when it came, in their order.
    pub scanned_by: Vec<String>,
}

/// The open ledger of a running transport.
#[derive(Debug)]
pub struct Ledger {
    inner: Mutex<(File, u64)>,
    agents: Vec<String>,
}

impl Ledger {
    /// Opens the ledger, for a transport that has loaded these agents.
    pub fn open(path: &Path, agents: Vec<String>) -> io::Result<Self> {
        let text = std::fs::read(path).unwrap_or_default();
        // A line that a power failure cut off was never acknowledged: it is taken off, so that the next one is whole.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let last = crate::events::read_lines::<Mail>(path)?.last().map_or(0, |mail| mail.sequence);
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
        file.set_len(whole as u64)?;
        drop(file);
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { inner: Mutex::new((file, last)), agents })
    }

    /// Takes over a message: when this returns, it is on the device.
    pub fn accept(&self, message_id: &str, size: u64) -> io::Result<u64> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = inner.1 + 1;
        let (time, message_id, scanned_by) = (now(), message_id.to_owned(), self.agents.clone());
        let mut line = serde_json::to_vec(&Mail { sequence, time, message_id, size, scanned_by })?;
        line.push(b'\n');
        inner.0.write_all(&line)?;
        inner.0.sync_data()?;
        inner.1 = sequence;
        Ok(sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cut_off_by_a_power_failure_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mail.jsonl");
        Ledger::open(&file, vec!["a".to_owned()]).unwrap().accept("one@lab", 10).unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.extend_from_slice(b"{\"sequence\":2,");
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(Ledger::open(&file, Vec::new()).unwrap().accept("two@lab", 20).unwrap(), 2);
        let mails: Vec<Mail> = crate::events::read_lines(&file).unwrap();
        assert_eq!(mails.iter().map(|m| m.message_id.as_str()).collect::<Vec<_>>(), ["one@lab", "two@lab"]);
        assert_eq!(mails[0].scanned_by, ["a"]);
    }
}
