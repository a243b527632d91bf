//! Opening sled, whatever a kill or damage left of it.

use super::{SledCopy, guarded};
use crate::{
    failure::{Code, Failure},
    journal::store::{
        disk::{Disk, private_dir, private_file},
        quarantine::Quarantine,
        repair::{Repair, unwritable},
    },
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How often sled's lock is tried, which a handle that was just dropped may keep: for about two seconds.
const LOCK_TRIES: u32 = 100;
/// The wait after a try; it begins with a hundredth of it.
const LOCK_WAIT: Duration = Duration::from_millis(20);

impl SledCopy {
    /// Opens the database, without its snapshots or anew if it must be.
    pub(in crate::journal::store) fn open(
        dir: &Path,
        disk: Arc<dyn Disk>,
        quarantine: &Quarantine,
        note: &mut dyn FnMut(Repair),
    ) -> Result<Self, Failure> {
        let dir = dir.join("sled");
        private_dir(&dir)?;
        // A kill during a snapshot leaves `snap.*.generating`, which sled takes for its newest snapshot and then
        // cannot open, for ever.
        for path in files_named(&dir, |name| name.ends_with(".generating"))? {
            fs::remove_file(&path)
                .map_err(|error| unwritable("an interrupted snapshot cannot be removed", &path, error))?;
            note(Repair::SnapshotRemoved { file: file_name(&path) });
        }
        let first = match Self::start(&dir, &disk) {
            Ok(copy) => return copy.named(&dir),
            Err(failure) if failure.code == Code::DiskFull => return Err(failure),
            Err(failure) => failure,
        };
        let snapshots = files_named(&dir, |name| name.starts_with("snap."))?;
        if !snapshots.is_empty() {
            let moved_to = quarantine.take("snapshots", &snapshots)?;
            note(Repair::SnapshotsMoved { why: first.to_string(), moved_to });
            match Self::start(&dir, &disk) {
                Ok(copy) => return copy.named(&dir),
                Err(failure) if failure.code == Code::DiskFull => return Err(failure),
                Err(_) => {}
            }
        }
        Self::anew(&dir, &disk, quarantine, first.to_string(), note)
    }

    /// Opens the database as it is, and mends nothing. Nobody may have it open.
    pub(in crate::journal::store) fn reopen(dir: &Path, disk: &Arc<dyn Disk>) -> Result<Self, Failure> {
        let dir = dir.join("sled");
        Self::start(&dir, disk)?.named(&dir)
    }

    /// Moves the database of a store away, and begins another. Nobody may have the old one open.
    pub(in crate::journal::store) fn begin_anew(
        dir: &Path,
        disk: &Arc<dyn Disk>,
        quarantine: &Quarantine,
        why: &str,
        note: &mut dyn FnMut(Repair),
    ) -> Result<Self, Failure> {
        Self::anew(&dir.join("sled"), disk, quarantine, why.to_owned(), note)
    }

    fn anew(
        dir: &PathBuf,
        disk: &Arc<dyn Disk>,
        quarantine: &Quarantine,
        why: String,
        note: &mut dyn FnMut(Repair),
    ) -> Result<Self, Failure> {
        let moved_to = quarantine.take("sled", std::slice::from_ref(dir))?;
        note(Repair::MirrorMoved { why, moved_to });
        private_dir(dir)?;
        Self::start(dir, disk)?.named(dir)
    }

    /// Opens and reads everything: where damage shows, as an error or a panic.
    fn start(dir: &Path, disk: &Arc<dyn Disk>) -> Result<Self, Failure> {
        let db = guarded(|| open_when_free(dir))?;
        let log_path = dir.join("db");
        let log = private_file()
            .open(&log_path)
            .map_err(|error| unwritable("the second copy cannot be flushed", &log_path, error))?;
        let copy = Self { db: Some(db), log, log_path, disk: Arc::clone(disk) };
        copy.guard(|db| {
            for item in db.iter() {
                item?;
            }
            Ok(())
        })?;
        Ok(copy)
    }

    /// Makes sled's settings and names durable, which it never flushes, and keeps others out.
    fn named(self, dir: &Path) -> Result<Self, Failure> {
        let io = |error| unwritable("the second copy cannot be flushed", &self.log_path, error);
        let settings = dir.join("conf");
        let file = private_file().open(&settings).map_err(io)?;
        self.disk.sync(&settings, &file).map_err(io)?;
        #[cfg(unix)]
        for path in [&settings, &self.log_path] {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(io)?;
        }
        self.disk.sync(&self.log_path, &self.log).map_err(io)?;
        self.disk.sync_dir(dir).map_err(io)?;
        dir.parent().map_or(Ok(()), |parent| self.disk.sync_dir(parent)).map_err(io)?;
        Ok(self)
    }
}

/// Opens sled; a handle of this process that was just dropped may hold its lock a little longer.
fn open_when_free(dir: &Path) -> sled::Result<sled::Db> {
    let mut tries = 0;
    loop {
        // Never a segment size or compression: sled pins them in its folder for ever.
        let opened =
            sled::Config::new().path(dir).flush_every_ms(None).cache_capacity(16 * 1024 * 1024).open();
        match opened {
            Err(sled::Error::Io(error))
                if tries < LOCK_TRIES && error.to_string().contains("could not acquire lock") =>
            {
                tries += 1;
                std::thread::sleep((LOCK_WAIT / 100 * 2_u32.pow(tries.min(7))).min(LOCK_WAIT));
            }
            other => return other,
        }
    }
}

fn files_named(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| unwritable("the second copy's folder cannot be read", dir, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if wanted(&file_name(&path)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
