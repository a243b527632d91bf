//! Where passwords that this program made outlive it.

use crate::{files, os_error::system_failure, packages::exit_of, win::protect};
use mailsec_core::{
    Code, Failure,
    values::{Digest, Secret, SecretRef, ServerPath},
};
use std::{fs, path::Path};

/// More than any protected password.
const SIZE_LIMIT: u64 = 64 * 1024;
/// How the names of the notes of unclean logs begin.
const UNCLEAN: &str = "unclean-log-";

/// The folder as the files' port takes it: a state folder may be given as a relative one.
fn absolute(folder: &Path) -> Result<ServerPath, Failure> {
    let folder = std::path::absolute(folder).map_err(|e| {
        system_failure(Code::FileUnreadable, "the folder of the secret store is not known", &e)
    })?;
    let text = folder.to_str().ok_or_else(|| {
        Failure::new(Code::BadArgument, "the folder of the secret store is not Unicode")
            .found(folder.to_string_lossy())
    })?;
    Ok(ServerPath::new(text))
}

/// The file of a secret.
fn path_of(folder: &Path, name: &SecretRef) -> Result<ServerPath, Failure> {
    let name = name.as_str();
    // A name comes from a plan, and must not lead out of the folder.
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(Failure::new(Code::BadArgument, "this is not the name of a secret that can be kept")
            .expected("letters, digits, - and _")
            .found(name));
    }
    Ok(absolute(folder)?.join(&format!("{name}.dpapi")))
}

/// Keeps a secret; when this returns it is on the device, in a file for administrators only.
pub(crate) fn keep(folder: &Path, name: &SecretRef, secret: &Secret) -> Result<(), Failure> {
    let path = path_of(folder, name)?;
    let content = protect::protect(secret.expose().as_bytes())
        .map_err(|e| system_failure(Code::System, format!("the secret {name} cannot be protected"), &e))?;
    files::put(&path, &mut content.as_slice(), None)
}

/// A secret that was kept.
pub(crate) fn find(folder: &Path, name: &SecretRef) -> Result<Option<Secret>, Failure> {
    // What cannot be kept was not kept.
    let Ok(path) = path_of(folder, name) else { return Ok(None) };
    let content = match files::read(&path, SIZE_LIMIT) {
        Ok(content) => content,
        Err(failure) if failure.code == Code::FileMissing => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let damaged = || {
        Failure::new(Code::SecretMissing, format!("the secret {name} was kept, and cannot be read any more"))
            .found(path.as_str())
            .hint(format!(
                "it was kept on another machine, or its file is damaged: give it by `--secret {name}=file:PATH`"
            ))
            .ask()
    };
    let plain = protect::unprotect(&content).map_err(|e| damaged().cause(e))?;
    let text = std::str::from_utf8(&plain).map_err(|_| damaged())?;
    Ok(Some(Secret::new(text)))
}

/// A log that may hold secrets until it was cleaned. The note outlives this program as the installer does.
#[derive(Debug)]
pub(crate) struct UncleanLog(ServerPath);

impl UncleanLog {
    /// Notes that a log is about to be written.
    pub(crate) fn note(folder: &Path, log: &ServerPath) -> Result<Self, Failure> {
        let name = format!("{UNCLEAN}{}", Digest::of(log.as_str().as_bytes()));
        let note = absolute(folder)?.join(&name);
        files::put(&note, &mut log.as_str().as_bytes(), None)?;
        Ok(Self(note))
    }

    /// The log holds no secret any more.
    pub(crate) fn done(&self) -> Result<(), Failure> {
        files::remove(&self.0)
    }
}

/// Removes the logs that nobody cleaned because the program was ended before the installer. They cannot be cleaned
/// now: what would have to be looked for is not known. One that is still being written is left for the next time.
pub(crate) fn remove_unclean_logs(folder: &Path) -> Result<(), Failure> {
    let folder = absolute(folder)?;
    let Ok(entries) = fs::read_dir(files::long(&folder)?) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // A note that is not whole yet ends differently, and its installer has not begun.
        if !name.starts_with(UNCLEAN) || name.contains('.') {
            continue;
        }
        let note = UncleanLog(folder.join(&name));
        let log = ServerPath::new(String::from_utf8_lossy(&files::read(&note.0, SIZE_LIMIT)?));
        let exit = exit_of(&log)?;
        files::remove(&log)?;
        // The upgrade that is taken up next asks this log how its installer ended.
        if let Some(code) = exit {
            let remains = format!(
                "This log may have held a secret and was removed. At its end:\r\nMainEngineThread is returning {code}\r\n"
            );
            files::put(&log, &mut remains.as_bytes(), None)?;
        }
        note.done()?;
        tracing::warn!(%log, "removed an installer's log that may have held a secret");
    }
    Ok(())
}
