//! Files that this program writes for a person: whole or not at all, and for nobody else to read.

use mailsec_core::{Failure, failure::Code};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Writes a file that only its owner can read (on Windows, administrators as well): plans, reports and bundles tell how a
/// mail server is built. What was there before is replaced at once by the whole, or stays.
///
/// # Errors
/// [`Code::FileUnwritable`].
pub(crate) fn save(path: &Path, what: &str, content: &[u8]) -> Result<(), Failure> {
    replaced(path, content).map_err(|error| unwritable(path, what, error))
}

/// Writes a secret to a file that is not there yet, and that [`save`]'s readers alone may read. It is on the device when this
/// returns: whoever sets a password and loses it locks everybody out.
///
/// # Errors
/// [`Code::FileUnwritable`], also where something of that name is there, be it a link to nothing.
pub(crate) fn save_secret(path: &Path, what: &str, content: &[u8]) -> Result<(), Failure> {
    let on_device = || sync_folder(path).inspect_err(|_| _ = fs::remove_file(path));
    new_file(path, content)
        .and_then(|()| on_device())
        .map_err(|error| unwritable(path, what, error).hint("name a new file; the password was not set"))
}

/// Whether [`save_secret`] will be able to: before anything is done for which the secret is needed. Leaves nothing.
///
/// # Errors
/// As [`save_secret`].
pub(crate) fn can_save_secret(path: &Path, what: &str) -> Result<(), Failure> {
    new_file(path, b"").and_then(|()| fs::remove_file(path)).map_err(|error| {
        unwritable(path, what, error).hint("name a new file in a folder that is there; nothing was changed")
    })
}

fn unwritable(path: &Path, what: &str, error: io::Error) -> Failure {
    Failure::new(Code::FileUnwritable, format!("the {what} cannot be written"))
        .expected("a path in a folder that is there and may be written")
        .found(path.display().to_string())
        .cause(error)
        .hint("nothing was written; name another path, or make its folder")
}

fn replaced(path: &Path, content: &[u8]) -> io::Result<()> {
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        // A pipe, or a device.
        return OpenOptions::new().write(true).open(path)?.write_all(content);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // A name that nobody can foresee: in a folder that others write to, something would wait there.
    name.push(format!(".{}.new", uuid::Uuid::now_v7().simple()));
    let new = path.with_file_name(name);
    new_file(&new, content)?;
    fs::rename(&new, path).inspect_err(|_| _ = fs::remove_file(&new))?;
    sync_folder(path)
}

/// A file with this content, on the device; none is left where that fails.
fn new_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    // Windows removes nothing that is open.
    drop(file);
    written.inspect_err(|_| _ = fs::remove_file(path))
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(windows)]
fn create(path: &Path) -> io::Result<File> {
    mailsec_windows::private::new_file(path)
}

/// The name of a new file is an entry of its folder, which reaches the device by itself.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match File::open(folder.unwrap_or(Path::new("."))) {
        Ok(folder) => folder.sync_all(),
        // Who may write in a folder need not be allowed to read it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// NTFS keeps a journal of its names, and has nothing to flush for a folder.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_takes_over_nothing_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, target] = ["file", "link", "target"].map(|name| folder.path().join(name));
        save_secret(&file, "password", b"one").unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"one".to_vec(), 0o600));
        assert_eq!(save_secret(&file, "password", b"two").unwrap_err().code, Code::FileUnwritable);
        assert_eq!(fs::read(&file).unwrap(), b"one");
        symlink(&target, &link).unwrap();
        assert_eq!(save_secret(&link, "password", b"two").unwrap_err().code, Code::FileUnwritable);
        assert!(!target.exists());
    }

    #[test]
    fn what_was_there_is_replaced_by_a_private_file_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        save(&file, "plan", b"new").unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), 0o600));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        save(&folder.path().join("none/plan"), "plan", b"new").unwrap_err();
    }
}
