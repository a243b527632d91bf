//! The lab's event log: one JSON object a line.

use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

/// One line of the lab's event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// When, in RFC 3339.
    pub time: String,
    /// Who wrote it, as in the Windows event log.
    pub source: String,
    /// The number of the event.
    pub id: u32,
    /// `Error`, `Warning` or `Information`.
    pub level: String,
    /// The text.
    pub message: String,
}

/// The present time in RFC 3339.
pub fn now() -> String {
    time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// Appends one object as a line, and returns when it has reached the device.
pub fn append_line(file: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(&line)?;
    file.sync_data()
}

/// Writes an event of the transport service.
pub fn transport(file: &Path, level: &str, id: u32, message: &str) -> io::Result<()> {
    let (source, level, message) = ("MSExchangeTransport".to_owned(), level.to_owned(), message.to_owned());
    append_line(file, &EventLine { time: now(), source, id, level, message })
}

/// The whole lines of a file of JSON lines; a last line without its end was cut off by a power failure and is left out.
pub fn read_lines<T: for<'de> Deserialize<'de>>(file: &Path) -> io::Result<Vec<T>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    text.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
        .map(|line| serde_json::from_str(line).map_err(io::Error::from))
        .collect()
}
