//! Who owns a file or folder, and what its access list grants.

use super::{check, check_code, security::Descriptor, wide};
use crate::{
    private::{Access, Grant},
    sid::sid_text,
};
use std::{
    ffi::c_void,
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    path::Path,
    ptr,
};
use windows_sys::Win32::{
    Security::{
        ACCESS_ALLOWED_ACE, ACE_HEADER, ACL,
        Authorization::{GetNamedSecurityInfoW, SE_FILE_OBJECT},
        DACL_SECURITY_INFORMATION, GetAce, GetLengthSid, GetTokenInformation, OWNER_SECURITY_INFORMATION,
        PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
    },
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

// The kinds of entries, [MS-DTYP] 2.4.4.1.
const ALLOWED: u8 = 0;
const DENIED: u8 = 1;
const ALLOWED_CALLBACK: u8 = 9;
const DENIED_CALLBACK: u8 = 10;

/// What the descriptor of a file or folder says.
pub(crate) fn read(path: &Path) -> io::Result<Access> {
    let path = wide(&path.to_string_lossy());
    let mut owner: PSID = ptr::null_mut();
    let mut list: *mut ACL = ptr::null_mut();
    let mut descriptor = ptr::null_mut();
    // SAFETY: the path ends with a zero; `owner` and `list` point into `descriptor`, which outlives their use.
    check_code(unsafe {
        GetNamedSecurityInfoW(
            path.as_ptr(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &mut owner,
            ptr::null_mut(),
            &mut list,
            ptr::null_mut(),
            &mut descriptor,
        )
    })?;
    let _descriptor = Descriptor(descriptor);
    // SAFETY: a SID in the descriptor above.
    let owner = unsafe { text(owner) };
    // SAFETY: null, or a list in the descriptor above.
    let grants = if list.is_null() { None } else { Some(unsafe { grants(list) }?) };
    Ok(Access { owner, grants })
}

/// The account that this process runs as.
pub(crate) fn current_user() -> io::Result<String> {
    let mut token = ptr::null_mut();
    // SAFETY: the handle is written on success, and owned by nobody else.
    let token = unsafe {
        check(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token))?;
        OwnedHandle::from_raw_handle(token)
    };
    // A SID has at most 68 bytes; words, so that the structure is aligned.
    let mut buffer = [0u64; 32];
    let size = u32::try_from(mem::size_of_val(&buffer)).unwrap_or(0);
    let mut written = 0;
    // SAFETY: the buffer is as large as stated; on success it begins with a TOKEN_USER whose SID lies within it.
    unsafe {
        check(GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            buffer.as_mut_ptr().cast(),
            size,
            &mut written,
        ))?;
        Ok(text((*buffer.as_ptr().cast::<TOKEN_USER>()).User.Sid))
    }
}

/// # Safety
/// `list` is a valid access list.
unsafe fn grants(list: *const ACL) -> io::Result<Vec<Grant>> {
    let mut grants = Vec::new();
    // SAFETY: the caller's list.
    for index in 0..u32::from(unsafe { (*list).AceCount }) {
        let mut entry: *mut c_void = ptr::null_mut();
        // SAFETY: an index within the list; the entry lies in it.
        check(unsafe { GetAce(list, index, &mut entry) })?;
        // SAFETY: every entry begins with a header.
        match unsafe { (*entry.cast::<ACE_HEADER>()).AceType } {
            ALLOWED | ALLOWED_CALLBACK => {
                let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
                // SAFETY: entries of these kinds have this form; the SID begins where `SidStart` stands.
                let (sid, rights) =
                    unsafe { (text(ptr::addr_of_mut!((*entry).SidStart).cast()), (*entry).Mask) };
                grants.push(Grant { sid, rights });
            }
            // What is denied takes nothing from safety.
            DENIED | DENIED_CALLBACK => {}
            kind => grants.push(Grant { sid: format!("an entry of kind {kind}"), rights: u32::MAX }),
        }
    }
    Ok(grants)
}

/// # Safety
/// `sid` is null or a valid SID.
unsafe fn text(sid: PSID) -> String {
    if sid.is_null() {
        return "nobody".to_owned();
    }
    // SAFETY: the caller's SID, as long as it says itself.
    let bytes = unsafe {
        let length = usize::try_from(GetLengthSid(sid)).unwrap_or(0);
        std::slice::from_raw_parts(sid.cast::<u8>(), length)
    };
    sid_text(bytes).unwrap_or_else(|| "an unknown account".to_owned())
}
