//! The store's only way to write and to flush, so that tests can make each of them fail, tear or be lost.

use super::repair::unwritable;
use crate::failure::Failure;
use std::{
    fmt,
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

/// What the store asks of the device. One real implementation; the other is in the tests.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Writes bytes where the file stands.
    ///
    /// # Errors
    /// From the operating system.
    fn write(&self, path: &Path, file: &mut File, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file off.
    ///
    /// # Errors
    /// From the operating system.
    fn cut(&self, path: &Path, file: &File, length: u64) -> io::Result<()>;

    /// Waits until the file's bytes, and its length, are on the device.
    ///
    /// # Errors
    /// From the operating system.
    fn sync(&self, path: &Path, file: &File) -> io::Result<()>;

    /// Waits until the names in a folder are on the device.
    ///
    /// # Errors
    /// From the operating system.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// The device.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, _: &Path, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn cut(&self, _: &Path, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn sync(&self, _: &Path, file: &File) -> io::Result<()> {
        // fdatasync writes the length too when it changed; only times are left out.
        file.sync_data()
    }

    #[cfg(unix)]
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    /// NTFS journals names itself, and Windows has no flush of a folder.
    #[cfg(not(unix))]
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// How a file of the store is opened: for reading and writing, readable by its owner only.
pub(super) fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that only its owner can enter. On Windows it inherits the rights of the folder above.
pub(super) fn private_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| unwritable("a folder of the journal cannot be made", dir, error))
}

/// Writes at an offset.
pub(super) fn write_at(
    disk: &dyn Disk,
    path: &Path,
    file: &mut File,
    at: u64,
    bytes: &[u8],
) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    disk.write(path, file, bytes)
}

/// Replaces a file as a whole: a crash leaves the old one or the new one.
pub(super) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| unwritable("a file of the journal cannot be replaced", path, error);
    let fresh = path.with_extension("new");
    let mut file = private_file().create(true).truncate(true).open(&fresh).map_err(failed)?;
    disk.write(&fresh, &mut file, bytes).map_err(failed)?;
    disk.sync(&fresh, &file).map_err(failed)?;
    drop(file);
    fs::rename(&fresh, path).map_err(failed)?;
    sync_parent(disk, path).map_err(failed)
}

/// Makes a file's name durable.
pub(super) fn sync_parent(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| disk.sync_dir(parent))
}

/// A file's bytes; none when there is no such file.
pub(super) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the device has no room left.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
