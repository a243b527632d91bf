//! The version resource of a program.

use super::{check, narrow, wide};
use std::{ffi::c_void, io, path::Path, ptr, slice};
use windows_sys::Win32::Storage::FileSystem::{GetFileVersionInfoSizeW, GetFileVersionInfoW, VerQueryValueW};

/// `ProductName` and `ProductVersion`, in the first language that the file has.
pub(crate) fn product(path: &Path) -> io::Result<(Option<String>, Option<String>)> {
    let path = wide(&path.to_string_lossy());
    // SAFETY: the path ends with a zero.
    let size = unsafe { GetFileVersionInfoSizeW(path.as_ptr(), ptr::null_mut()) };
    if size == 0 {
        // A file without such a resource is no error.
        return Ok((None, None));
    }
    let mut block = vec![0u64; (size as usize).div_ceil(8)];
    // SAFETY: the buffer is as large as stated.
    check(unsafe { GetFileVersionInfoW(path.as_ptr(), 0, size, block.as_mut_ptr().cast()) })?;
    let languages = query(&block, r"\VarFileInfo\Translation");
    // Language and code page; US English in UTF-16 where the file states none.
    let (language, page) = match languages {
        Some((bytes, length)) if length >= 4 => {
            // SAFETY: Windows says that `length` bytes are there, and four are needed.
            let units = unsafe { slice::from_raw_parts(bytes.cast::<u16>(), 2) };
            (units[0], units[1])
        }
        _ => (0x0409, 0x04b0),
    };
    let text = |name: &str| {
        let (text, length) = query(&block, &format!(r"\StringFileInfo\{language:04x}{page:04x}\{name}"))?;
        // SAFETY: for texts the length counts UTF-16 units, inside the block.
        let units = unsafe { slice::from_raw_parts(text.cast::<u16>(), length as usize) };
        Some(narrow(units).trim().to_owned()).filter(|text| !text.is_empty())
    };
    Ok((text("ProductName"), text("ProductVersion")))
}

fn query(block: &[u64], what: &str) -> Option<(*const c_void, u32)> {
    let what = wide(what);
    let mut found = ptr::null_mut();
    let mut length = 0;
    // SAFETY: the block was filled by GetFileVersionInfoW; what is found points into it.
    let answer = unsafe { VerQueryValueW(block.as_ptr().cast(), what.as_ptr(), &mut found, &mut length) };
    (answer != 0 && !found.is_null() && length > 0).then_some((found.cast_const(), length))
}
