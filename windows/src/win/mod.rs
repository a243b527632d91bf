//! The calls to Windows, each behind a small safe function. `unsafe` is nowhere else in this crate.

pub(crate) mod access;
pub(crate) mod counters;
pub(crate) mod event_log;
pub(crate) mod file;
pub(crate) mod job;
pub(crate) mod machine;
pub(crate) mod process;
pub(crate) mod protect;
pub(crate) mod rights;
pub(crate) mod scm;
pub(crate) mod security;
pub(crate) mod shutdown;
pub(crate) mod signature;
pub(crate) mod version;

use std::io;

/// A text as the wide functions take it: UTF-16, ended by a zero.
pub(crate) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The text in a buffer, up to its zero.
pub(crate) fn narrow(units: &[u16]) -> String {
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

/// The text behind a pointer that Windows handed out; empty for none.
///
/// # Safety
/// `text` is null or points to UTF-16 ended by a zero, valid for the call.
pub(crate) unsafe fn narrow_at(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut length = 0;
    // SAFETY: the caller says that a zero ends the text, and we stop there.
    while unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: `length` units before the zero were just read.
    String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) })
}

/// The result of a function that answers `BOOL`.
pub(crate) fn check(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The result of a function that answers an error code.
pub(crate) fn check_code(code: u32) -> io::Result<()> {
    match i32::try_from(code) {
        Ok(0) => Ok(()),
        Ok(code) => Err(io::Error::from_raw_os_error(code)),
        Err(_) => Err(io::Error::other(format!("error {code:#x}"))),
    }
}
