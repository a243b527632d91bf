//! A planned restart.

use super::{check, wide};
use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};
use windows_sys::Win32::{
    Foundation::{ERROR_NOT_ALL_ASSIGNED, GetLastError},
    Security::{
        AdjustTokenPrivileges, LUID_AND_ATTRIBUTES, LookupPrivilegeValueW, SE_PRIVILEGE_ENABLED,
        TOKEN_ADJUST_PRIVILEGES, TOKEN_PRIVILEGES, TOKEN_QUERY,
    },
    System::{
        Shutdown::{
            InitiateSystemShutdownExW, SHTDN_REASON_FLAG_PLANNED, SHTDN_REASON_MAJOR_APPLICATION,
            SHTDN_REASON_MINOR_INSTALLATION,
        },
        Threading::{GetCurrentProcess, OpenProcessToken},
    },
};

/// Enables the privilege to shut down, which even administrators' tokens have disabled.
fn enable_privilege() -> io::Result<()> {
    let mut token = ptr::null_mut();
    // SAFETY: the pseudo handle of this process; the token, if there is one, is ours.
    check(unsafe {
        OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &mut token)
    })?;
    // SAFETY: just opened, owned by nobody else.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut privileges = TOKEN_PRIVILEGES {
        PrivilegeCount: 1,
        Privileges: [LUID_AND_ATTRIBUTES { Attributes: SE_PRIVILEGE_ENABLED, ..Default::default() }],
    };
    let name = wide("SeShutdownPrivilege");
    // SAFETY: the name ends with a zero; the identifier is ours.
    check(unsafe { LookupPrivilegeValueW(ptr::null(), name.as_ptr(), &mut privileges.Privileges[0].Luid) })?;
    // SAFETY: one privilege, as stated; the old state is not wanted.
    check(unsafe {
        AdjustTokenPrivileges(token.as_raw_handle(), 0, &privileges, 0, ptr::null_mut(), ptr::null_mut())
    })?;
    // The call succeeds even when it could not assign the privilege.
    // SAFETY: no arguments.
    if unsafe { GetLastError() } == ERROR_NOT_ALL_ASSIGNED {
        return Err(io::Error::from_raw_os_error(1314));
    }
    Ok(())
}

/// Asks for a restart after `seconds`. A success does not mean that it will happen: the call is asynchronous and a
/// restart can be vetoed (<https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-initiatesystemshutdownexw>).
pub(crate) fn restart(comment: &str, seconds: u32) -> io::Result<()> {
    enable_privilege()?;
    let comment = wide(comment);
    // Without a reason that is marked as planned, Windows takes it for an unplanned one and collects its state first.
    let reason = SHTDN_REASON_MAJOR_APPLICATION | SHTDN_REASON_MINOR_INSTALLATION | SHTDN_REASON_FLAG_PLANNED;
    // SAFETY: this machine; the comment ends with a zero.
    check(unsafe { InitiateSystemShutdownExW(ptr::null(), comment.as_ptr(), seconds, 1, 1, reason) })
}
