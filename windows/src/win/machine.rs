//! This machine.

use super::{check_code, narrow, wide};
use std::{io, ptr};
use windows_sys::Win32::System::{
    LibraryLoader::{GetModuleHandleW, GetProcAddress},
    Registry::{
        HKEY, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_64KEY, KEY_WRITE, REG_CREATED_NEW_KEY,
        REG_OPTION_VOLATILE, RegCloseKey, RegCreateKeyExW,
    },
    SystemInformation::{
        ComputerNamePhysicalDnsHostname, GetComputerNameExW, GetSystemDirectoryW, GetTickCount64,
    },
};

/// The name of this machine.
pub(crate) fn name() -> String {
    let mut buffer = [0u16; 256];
    let mut length = 256;
    // SAFETY: the buffer is as long as stated.
    let answer =
        unsafe { GetComputerNameExW(ComputerNamePhysicalDnsHostname, buffer.as_mut_ptr(), &mut length) };
    if answer == 0 { "this server".to_owned() } else { narrow(&buffer) }
}

/// `C:\Windows\System32`, asked of the system: an environment can be forged.
pub(crate) fn system_folder() -> io::Result<String> {
    let mut buffer = [0u16; 512];
    // SAFETY: the buffer is as long as stated.
    let length = unsafe { GetSystemDirectoryW(buffer.as_mut_ptr(), 512) };
    if length == 0 || length >= 512 {
        return Err(io::Error::last_os_error());
    }
    Ok(narrow(&buffer))
}

/// Whether this is Wine and not Windows; its ntdll says so.
pub(crate) fn is_wine() -> bool {
    let library = wide("ntdll.dll");
    // SAFETY: a library that every process has, and a name that ends with a zero.
    unsafe {
        let ntdll = GetModuleHandleW(library.as_ptr());
        !ntdll.is_null() && GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// Milliseconds since the machine started.
pub(crate) fn uptime_millis() -> u64 {
    // SAFETY: no arguments.
    unsafe { GetTickCount64() }
}

/// Creates or opens a key below `HKEY_LOCAL_MACHINE` that Windows forgets at shutdown; true when it was created now.
pub(crate) fn volatile_key(path: &str) -> io::Result<bool> {
    let path = wide(path);
    let mut key: HKEY = ptr::null_mut();
    let mut disposition = 0;
    // SAFETY: the path ends with a zero; key and disposition are ours.
    check_code(unsafe {
        RegCreateKeyExW(
            HKEY_LOCAL_MACHINE,
            path.as_ptr(),
            0,
            ptr::null(),
            REG_OPTION_VOLATILE,
            KEY_READ | KEY_WRITE | KEY_WOW64_64KEY,
            ptr::null(),
            &mut key,
            &mut disposition,
        )
    })?;
    // SAFETY: opened just now, closed once.
    unsafe { RegCloseKey(key) };
    Ok(disposition == REG_CREATED_NEW_KEY)
}
