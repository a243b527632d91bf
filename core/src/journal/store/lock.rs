//! One writer at a time.

use super::{
    disk::{private_file, read_if_there},
    repair::unwritable,
};
use crate::{
    failure::{Code, Failure},
    host::BootIdentity,
    values::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, TryLockError},
    io::ErrorKind,
    path::Path,
    time::Duration,
};

/// Who holds the store, or held it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its program version.
    pub who: String,
    /// Since when.
    pub since: Timestamp,
    /// In which boot, when it knew.
    pub boot: Option<BootIdentity>,
}

/// How often the lock is tried for: whoever looks whether it is held has it for an instant.
const TRIES: u32 = 10;
/// Between two tries.
const BETWEEN: Duration = Duration::from_millis(2);

/// The lock, held as long as this lives. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    /// Who held the store before.
    pub(super) before: Option<Holder>,
}

impl Lock {
    /// Takes the lock at once or says who has it.
    pub(super) fn take(dir: &Path, holder: &Holder) -> Result<Self, Failure> {
        let path = dir.join("store.lock");
        let failed = |error| unwritable("the journal's lock cannot be taken", &path, error);
        let file = private_file().create(true).truncate(false).open(&path).map_err(failed)?;
        let mut tries = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(BETWEEN);
                }
                Err(TryLockError::WouldBlock) => return Err(locked(dir)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let before = Self::holder(dir);
        // Beside the lock, not in it: on Windows nobody else can read a locked file. Not flushed: after a power cut
        // it must not look as if the same boot went on.
        let text = serde_json::to_vec(holder).unwrap_or_default();
        let path = dir.join("holder");
        let written = private_file()
            .create(true)
            .truncate(true)
            .open(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, &text));
        // On a full disk the lock still holds; only its name tag is missing.
        if let Err(error) = written {
            tracing::debug!(%error, "the holder of the journal could not be noted");
        }
        Ok(Self { file, before })
    }

    /// Who holds the store, or held it last.
    pub(super) fn holder(dir: &Path) -> Option<Holder> {
        let bytes = read_if_there(&dir.join("holder")).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Whether somebody holds the store now; `None` where that cannot be told.
    pub(super) fn is_held(dir: &Path) -> Option<bool> {
        let file = match File::open(dir.join("store.lock")) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Some(false),
            Err(_) => return None,
        };
        // Shared, so that two who look do not take each other for a writer.
        match file.try_lock_shared() {
            Ok(()) => {
                _ = file.unlock();
                Some(false)
            }
            Err(TryLockError::WouldBlock) => Some(true),
            Err(TryLockError::Error(_)) => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is just being started has a copy of the handle for a moment,
        // and on Unix the lock lives as long as the last copy.
        let _ = self.file.unlock();
    }
}

fn locked(dir: &Path) -> Failure {
    let failure = Failure::new(Code::JournalLocked, "another process holds the journal")
        .hint("wait for it, or watch it: `mailsec status` works meanwhile");
    match Lock::holder(dir) {
        Some(holder) => {
            failure.found(format!("process {}, version {}, since {}", holder.pid, holder.who, holder.since))
        }
        None => failure.found(dir.display().to_string()),
    }
}
