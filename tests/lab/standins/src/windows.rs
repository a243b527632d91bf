//! What the stand-ins ask of Windows.

use crate::layout::{ESET_INFO_KEY, EXCHANGE_FOLDER, EXCHANGE_SETUP_KEY};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use windows_registry::LOCAL_MACHINE;

/// Others may read, but neither write, rename nor delete: what loading an assembly does to its file.
const SHARE_READ: u32 = 1;

/// Exchange's folder, as its installation states it.
pub fn exchange_folder() -> PathBuf {
    LOCAL_MACHINE
        .open(EXCHANGE_SETUP_KEY)
        .and_then(|key| key.get_string("MsiInstallPath"))
        .map_or_else(|_| PathBuf::from(EXCHANGE_FOLDER), PathBuf::from)
}

/// Holds an assembly as a process that loaded it does, until the file is dropped.
pub fn hold(assembly: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).share_mode(SHARE_READ).open(assembly)
}

/// The version that the ESET stand-in's installation states.
pub fn eset_version() -> io::Result<String> {
    let version = LOCAL_MACHINE.open(ESET_INFO_KEY).and_then(|key| key.get_string("ProductVersion"));
    version.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error.to_string()))
}
