//! Folders that only their owner, or administrators, may use.

use mailsec_core::{Failure, failure::Code};
use std::path::Path;

/// Makes a folder that others cannot read, and those above it.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Failure> {
    make(folder).map_err(|error| {
        Failure::new(Code::FileUnwritable, "a folder cannot be made")
            .found(folder.display().to_string())
            .cause(error)
    })
}

#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// On Windows it lies in the state's folder, which is closed to others, and inherits that.
#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
