//! The right to log on as a service.
//!
//! `ChangeServiceConfig` does not grant it, though the Services console does; without it a service with a new account
//! fails to start with error 1069.

use super::{check, wide};
use std::{io, mem, ptr};
use windows_sys::Win32::{
    Foundation::NTSTATUS,
    Security::{
        Authentication::Identity::{
            LSA_HANDLE, LSA_OBJECT_ATTRIBUTES, LSA_UNICODE_STRING, LsaAddAccountRights, LsaClose,
            LsaNtStatusToWinError, LsaOpenPolicy, POLICY_CREATE_ACCOUNT, POLICY_LOOKUP_NAMES,
        },
        LookupAccountNameW, PSID, SID_NAME_USE,
    },
};

struct Policy(LSA_HANDLE);

impl Drop for Policy {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { LsaClose(self.0) };
    }
}

fn status(status: NTSTATUS) -> io::Result<()> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: a plain value.
    let code = unsafe { LsaNtStatusToWinError(status) };
    Err(io::Error::from_raw_os_error(code.cast_signed()))
}

/// Grants `SeServiceLogonRight` to an account; fine when it has it. Rights of others stay as they are.
pub(crate) fn grant_service_log_on(account: &str) -> io::Result<()> {
    let name = wide(account);
    let mut sid = [0u64; 16];
    let mut sid_size = u32::try_from(mem::size_of_val(&sid)).unwrap_or(0);
    let mut domain = [0u16; 256];
    let mut domain_size = 256;
    let mut kind: SID_NAME_USE = 0;
    // SAFETY: the buffers are as large as stated.
    check(unsafe {
        LookupAccountNameW(
            ptr::null(),
            name.as_ptr(),
            sid.as_mut_ptr().cast(),
            &mut sid_size,
            domain.as_mut_ptr(),
            &mut domain_size,
            &mut kind,
        )
    })?;
    let attributes = LSA_OBJECT_ATTRIBUTES::default();
    let mut policy: LSA_HANDLE = Default::default();
    let access = u32::try_from(POLICY_CREATE_ACCOUNT | POLICY_LOOKUP_NAMES).unwrap_or(0);
    // SAFETY: this machine; the attributes are documented to be all zero.
    status(unsafe { LsaOpenPolicy(ptr::null(), &attributes, access, &mut policy) })?;
    let policy = Policy(policy);
    let mut right = wide("SeServiceLogonRight");
    let bytes = u16::try_from((right.len() - 1) * 2).unwrap_or(0);
    let text = LSA_UNICODE_STRING { Length: bytes, MaximumLength: bytes + 2, Buffer: right.as_mut_ptr() };
    // SAFETY: a SID that was just looked up, and one right.
    status(unsafe {
        LsaAddAccountRights(policy.0, sid.as_mut_ptr().cast::<std::ffi::c_void>() as PSID, &text, 1)
    })
}
