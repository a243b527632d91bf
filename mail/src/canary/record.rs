//! The canary's file: one line for each thing that was seen, appended and never changed.

use mailsec_core::{
    Code, Failure,
    upgrade::{Canary, Sighting},
};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Bytes that it may have. A message takes about 400; this is enough for a day of one each three seconds, and for seven
/// hours of one a second.
const LIMIT: u64 = 10 * 1024 * 1024;

/// A record that is written.
pub(super) struct Record {
    file: File,
    path: PathBuf,
    size: u64,
    full: bool,
    closed: bool,
    /// What is in it.
    pub(super) seen: Canary,
}

/// What a record holds. A last line that a crash cut short is left out, and so is one of a newer version.
///
/// # Errors
/// [`Code::FileUnreadable`]; one that is not there is empty.
pub fn read(path: &Path) -> Result<Canary, Failure> {
    Ok(whole(path)?.0)
}

/// The fold, and how many bytes whole lines take.
fn whole(path: &Path) -> Result<(Canary, u64), Failure> {
    let mut seen = Canary::default();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((seen, 0)),
        Err(error) => {
            return Err(Failure::new(Code::FileUnreadable, "the canary's record cannot be read")
                .found(path.display().to_string())
                .cause(error));
        }
    };
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    for line in bytes[..end].split(|byte| *byte == b'\n') {
        if let Ok(sighting) = serde_json::from_slice::<Sighting>(line) {
            seen.saw(&sighting);
        }
    }
    Ok((seen, end as u64))
}

impl Record {
    /// Opens a record, or makes one that its owner alone can read. What a crash cut short is cut off.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let unwritable = |error: std::io::Error| unwritable(path, &error);
        let (seen, size) = whole(path)?;
        let mut options = OpenOptions::new();
        // Not for appending: on Windows such a file cannot be cut off.
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(unwritable)?;
        if file.metadata().map_err(unwritable)?.len() > size {
            file.set_len(size).map_err(unwritable)?;
        }
        Ok(Self { file, path: path.to_owned(), size, full: size >= LIMIT, closed: false, seen })
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Nothing more is written: another may have the file from now on, and write where this one would.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Waits until all of it is on the device.
    pub(super) fn flush(&self) -> Result<(), Failure> {
        self.file.sync_data().map_err(|error| unwritable(&self.path, &error))
    }

    /// One more line; false when there is no room for it, or it is closed. A kill does not take back what the system was given; a power
    /// cut may take what was not [flushed](Self::flush).
    pub(super) fn saw(&mut self, sighting: &Sighting) -> Result<bool, Failure> {
        if self.closed {
            return Ok(false);
        }
        let mut line = serde_json::to_vec(sighting)
            .map_err(|error| Failure::new(Code::System, "a sighting cannot be written").cause(error))?;
        line.push(b'\n');
        // What answers and arrives is let in where a new message is not: the record ends with whole stories.
        let reserve = if matches!(sighting, Sighting::Sending { .. }) { LIMIT / 10 } else { 0 };
        if self.size + line.len() as u64 + reserve > LIMIT {
            self.full = true;
            return Ok(false);
        }
        let end = self.file.seek(SeekFrom::Start(self.size));
        if let Err(error) = end.and_then(|_| self.file.write_all(&line)) {
            // A piece of a line would spoil the next one.
            _ = self.file.set_len(self.size);
            return Err(unwritable(&self.path, &error));
        }
        self.size += line.len() as u64;
        self.seen.saw(sighting);
        Ok(true)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::FileUnwritable, "the canary's record cannot be written")
        .found(path.display().to_string())
        .cause(error)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    /// Linux would cut off such a file too, and so does Wine; Windows says no, as the right to write is not the right to
    /// append. So it is the way of opening that is looked at.
    #[test]
    fn a_record_is_not_opened_for_appending() {
        const O_APPEND: u32 = 0o2000;
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(&folder.path().join("canary.jsonl")).unwrap();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", record.file.as_raw_fd())).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        assert_eq!(u32::from_str_radix(flags.trim(), 8).unwrap() & O_APPEND, 0, "{info}");
    }
}
