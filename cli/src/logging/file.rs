//! A log file that does not grow for ever.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

/// From this size in bytes on a new file is begun. One old file is kept.
pub(super) const LIMIT: u64 = 5 * 1024 * 1024;

pub(super) struct LogFile {
    path: PathBuf,
    limit: u64,
    size: u64,
    // Closed while it gets its other name.
    file: Option<File>,
}

impl LogFile {
    pub(super) fn open(path: PathBuf, limit: u64) -> io::Result<Self> {
        let mut log = Self { path, limit, size: 0, file: None };
        log.append()?;
        Ok(log)
    }

    fn append(&mut self) -> io::Result<&mut File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path)?;
        self.size = file.metadata()?.len();
        Ok(self.file.insert(file))
    }

    fn turn(&mut self) -> io::Result<()> {
        self.file = None;
        // Another process may have begun a new one already.
        if fs::metadata(&self.path).is_ok_and(|now| now.len() < self.limit) {
            return self.append().map(|_| ());
        }
        let mut old = self.path.clone().into_os_string();
        old.push(".1");
        // Somebody may read it just now; then this one grows a little more.
        _ = fs::rename(&self.path, old);
        self.append().map(|_| ())
    }
}

impl Write for LogFile {
    /// Gets whole lines.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.size >= self.limit {
            self.turn()?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => self.append()?,
        };
        file.write_all(line)?;
        self.size = self.size.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn a_full_file_is_kept_once_and_a_new_one_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("service.log");
        for text in ["one\n", "two\n", "three\n"] {
            // Opened again and again: what is there is gone on with.
            LogFile::open(path.clone(), 8).unwrap().write_all(text.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(folder.path().join("service.log.1")).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        let mut log = LogFile::open(path.clone(), 6).unwrap();
        log.write_all(b"four\n").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("service.log.1")).unwrap(), "three\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "four\n");
    }

    #[test]
    fn of_two_processes_the_second_goes_on_in_the_file_that_the_first_has_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailsec.log");
        let mut one = LogFile::open(path.clone(), 8).unwrap();
        one.write_all(b"one two\n").unwrap();
        let mut other = LogFile::open(path.clone(), 8).unwrap();
        one.write_all(b"three\n").unwrap();
        other.write_all(b"four\n").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("mailsec.log.1")).unwrap(), "one two\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\nfour\n");
    }
}
