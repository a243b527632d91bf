//! The device: counted below the journal, and used raw beside it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a device and a clock are measured")]

use mailsec_core::journal::{Disk, RealDisk};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Counts what the journal asks of the device.
#[derive(Debug, Default)]
pub struct CountingDisk {
    witness: AtomicU64,
    other: AtomicU64,
}

impl CountingDisk {
    /// Flushes of witnesses, which an upgrade waits for, and all the others, which follow behind.
    pub fn flushes(&self) -> (u64, u64) {
        (self.witness.load(Ordering::Relaxed), self.other.load(Ordering::Relaxed))
    }

    fn count(&self, path: &Path) {
        let witness = path.components().any(|part| part.as_os_str() == "witness");
        if witness { &self.witness } else { &self.other }.fetch_add(1, Ordering::Relaxed);
    }
}

impl Disk for CountingDisk {
    fn write(&self, path: &Path, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        RealDisk.write(path, file, bytes)
    }

    fn cut(&self, path: &Path, file: &File, length: u64) -> io::Result<()> {
        RealDisk.cut(path, file, length)
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        self.count(path);
        RealDisk.sync(path, file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.count(dir);
        RealDisk.sync_dir(dir)
    }
}

/// A file to which bytes are appended and flushed, with nothing around it: the least that durability costs.
#[derive(Debug)]
pub struct Raw {
    file: File,
    bytes: Vec<u8>,
}

impl Raw {
    /// A new file that grows by so many bytes each time.
    ///
    /// # Errors
    /// From the operating system.
    pub fn new(path: &Path, bytes: usize) -> io::Result<Self> {
        Ok(Self { file: File::create(path)?, bytes: vec![b'x'; bytes] })
    }

    /// Appends and flushes once; how long that took.
    ///
    /// # Errors
    /// From the operating system.
    pub fn append(&mut self) -> io::Result<Duration> {
        let began = Instant::now();
        self.file.write_all(&self.bytes)?;
        self.file.sync_data()?;
        Ok(began.elapsed())
    }
}
