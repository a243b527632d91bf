//! Files and volumes.

use super::{check, wide};
use std::{io, path::Path, ptr};
use windows_sys::Win32::Storage::FileSystem::{
    GetDiskFreeSpaceExW, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
};

/// Gives a file its name, replacing what has it. Returns when the change is on the device
/// (<https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw>, `MOVEFILE_WRITE_THROUGH`).
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (wide(&from.to_string_lossy()), wide(&to.to_string_lossy()));
    // SAFETY: both paths end with a zero.
    check(unsafe {
        MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
    })
}

/// Free bytes for this account on the volume of a folder.
pub(crate) fn free_space(folder: &Path) -> io::Result<u64> {
    let folder = wide(&folder.to_string_lossy());
    let mut free = 0;
    // SAFETY: the path ends with a zero; only the first number is asked for.
    check(unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), &mut free, ptr::null_mut(), ptr::null_mut()) })?;
    Ok(free)
}
