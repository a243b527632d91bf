//! Where damaged pieces go: nothing that the store finds is ever thrown away.

use super::{
    disk::{Disk, private_dir, private_file, sync_parent},
    repair::unwritable,
};
use crate::failure::Failure;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The folder `quarantine`.
#[derive(Clone, Debug)]
pub(super) struct Quarantine {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Quarantine {
    pub(super) fn of(dir: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { dir: dir.join("quarantine"), disk }
    }

    /// Moves files or folders there; returns where, below the store.
    pub(super) fn take(&self, what: &str, paths: &[PathBuf]) -> Result<String, Failure> {
        let (place, name) = self.place(what)?;
        for path in paths {
            let target = place.join(path.file_name().unwrap_or_default());
            fs::rename(path, &target)
                .and_then(|()| sync_parent(&*self.disk, path))
                .map_err(|error| unwritable("a damaged file cannot be moved aside", path, error))?;
        }
        Ok(name)
    }

    /// Keeps a copy of some bytes there; returns where, below the store.
    pub(super) fn keep(&self, what: &str, bytes: &[u8]) -> Result<String, Failure> {
        let (place, name) = self.place(what)?;
        let path = place.join("bytes");
        private_file()
            .create(true)
            .truncate(true)
            .open(&path)
            .and_then(|mut file| {
                self.disk.write(&path, &mut file, bytes)?;
                self.disk.sync(&path, &file)
            })
            .map_err(|error| unwritable("a damaged piece cannot be kept", &path, error))?;
        Ok(format!("{name}/bytes"))
    }

    /// The next free folder: numbered, for two things can break in one millisecond and clocks go back.
    fn place(&self, what: &str) -> Result<(PathBuf, String), Failure> {
        private_dir(&self.dir)?;
        let failed = |error| unwritable("the quarantine cannot be read", &self.dir, error);
        let mut last = 0;
        for entry in fs::read_dir(&self.dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.split('-').next()?.parse::<u32>().ok());
            last = last.max(number.unwrap_or(0));
        }
        // The background thread and the writer may both ask for the same number; making the folder decides.
        let mut number = last + 1;
        loop {
            let name = format!("{number:04}-{what}");
            let place = self.dir.join(&name);
            match fs::create_dir(&place) {
                Ok(()) => return Ok((place, format!("quarantine/{name}"))),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed(error)),
            }
        }
    }
}
