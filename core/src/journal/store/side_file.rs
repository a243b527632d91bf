//! What is written when the journal cannot be.

use super::{
    disk::{Disk, RealDisk, private_dir, private_file, sync_parent},
    repair::unwritable,
};
use crate::{failure::Failure, values::UpgradeId};
use std::path::{Path, PathBuf};

/// Adds a text to the side file of an upgrade in a folder and waits for the device; returns its path. It is for
/// people: nothing reads it back, and what it tells is found by looking at the server.
///
/// # Errors
/// When it cannot be written.
pub fn side_file(dir: &Path, upgrade: UpgradeId, text: &str) -> Result<PathBuf, Failure> {
    private_dir(dir)?;
    let path = dir.join(format!("{upgrade}.side.txt"));
    let failed = |error| unwritable("the side file cannot be written", &path, error);
    let mut file = private_file().create(true).append(true).open(&path).map_err(failed)?;
    let disk = RealDisk;
    disk.write(&path, &mut file, format!("{}\n", text.trim_end()).as_bytes()).map_err(failed)?;
    disk.sync(&path, &file).map_err(failed)?;
    sync_parent(&disk, &path).map_err(failed)?;
    Ok(path)
}
