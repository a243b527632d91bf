//! A device for tests: it fails, tears and forgets on order, and counts.

use super::disk::{Disk, RealDisk};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What goes wrong, once, at a write or a flush of a file whose path contains some text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th write from now (from 1) finds no room after this many bytes, and so does every later one until
    /// [`FaultyDisk::make_room`].
    Full {
        /// Which write.
        write: u32,
        /// Bytes that still fit.
        after: usize,
    },
    /// The n-th flush from now (from 1) fails.
    FlushFails {
        /// Which flush.
        flush: u32,
    },
    /// The n-th write from now (from 1) stops after this many bytes with an error, and so does all that follows: as
    /// if the process had died there.
    Dies {
        /// Which write.
        write: u32,
        /// Bytes that are written.
        after: usize,
    },
}

#[derive(Debug, Default)]
struct State {
    fault: Option<(String, Fault)>,
    full: bool,
    dead: bool,
    flushes: BTreeMap<String, u64>,
    /// What each file held when it was last flushed.
    flushed: BTreeMap<PathBuf, Vec<u8>>,
}

/// A device that fails on order and knows what a power cut would leave.
#[derive(Debug, Default)]
pub struct FaultyDisk {
    state: Mutex<State>,
    /// Whether contents are remembered at each flush.
    remembers: bool,
}

impl FaultyDisk {
    /// One that works so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that remembers what was flushed, for [`power_cut`](Self::power_cut).
    #[must_use]
    pub fn that_remembers() -> Self {
        Self { state: Mutex::default(), remembers: true }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders a fault for files whose path contains `part`.
    pub fn order(&self, part: &str, fault: Fault) {
        self.state().fault = Some((part.to_owned(), fault));
    }

    /// The disk is no longer full.
    pub fn make_room(&self) {
        let mut state = self.state();
        state.full = false;
        state.fault = None;
    }

    /// Flushes of files whose path contains `part`.
    #[must_use]
    pub fn flushes(&self, part: &str) -> u64 {
        self.state().flushes.iter().filter(|(path, _)| path.contains(part)).map(|(_, count)| count).sum()
    }

    /// Leaves of every file in a store only what was flushed: the worst that a power cut does.
    ///
    /// # Errors
    /// From the operating system.
    pub fn power_cut(&self, dir: &Path) -> io::Result<()> {
        let state = self.state();
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(bytes) = state.flushed.get(&path) {
                    fs::write(&path, bytes)?;
                } else {
                    fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

/// What a device that is gone says.
fn gone() -> io::Error {
    io::Error::other("the device is gone")
}

impl Disk for FaultyDisk {
    fn write(&self, path: &Path, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let name = path.to_string_lossy().into_owned();
        let mut state = self.state();
        if state.dead {
            return Err(gone());
        }
        if state.full {
            return Err(full());
        }
        match &mut state.fault {
            Some((part, Fault::Full { write, after } | Fault::Dies { write, after }))
                if name.contains(part.as_str()) =>
            {
                *write -= 1;
                if *write > 0 {
                    return RealDisk.write(path, file, bytes);
                }
                file.write_all(&bytes[..(*after).min(bytes.len())])?;
                let fault = state.fault.take();
                if matches!(fault, Some((_, Fault::Full { .. }))) {
                    state.full = true;
                    return Err(full());
                }
                state.dead = true;
                Err(gone())
            }
            _ => RealDisk.write(path, file, bytes),
        }
    }

    fn cut(&self, path: &Path, file: &File, length: u64) -> io::Result<()> {
        if self.state().dead {
            return Err(gone());
        }
        RealDisk.cut(path, file, length)
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        let name = path.to_string_lossy().into_owned();
        let mut state = self.state();
        if state.dead {
            return Err(gone());
        }
        if let Some((part, Fault::FlushFails { flush })) = &mut state.fault
            && name.contains(part.as_str())
        {
            *flush -= 1;
            if *flush == 0 {
                state.fault = None;
                return Err(io::Error::other("the device did not flush"));
            }
        }
        *state.flushes.entry(name).or_default() += 1;
        if self.remembers {
            state.flushed.insert(path.to_owned(), fs::read(path)?);
            return Ok(());
        }
        RealDisk.sync(path, file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.dead {
            return Err(gone());
        }
        *state.flushes.entry(dir.to_string_lossy().into_owned()).or_default() += 1;
        if self.remembers {
            // A name that moved takes its flushed bytes along.
            for entry in fs::read_dir(dir)? {
                let path = entry?.path();
                let before = path.with_extension("new");
                if before != path
                    && !before.exists()
                    && let Some(bytes) = state.flushed.remove(&before)
                {
                    state.flushed.insert(path, bytes);
                }
            }
        }
        RealDisk.sync_dir(dir)
    }
}
