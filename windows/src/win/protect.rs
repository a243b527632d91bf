//! Data that only this machine can read.

use super::check;
use std::{io, ptr, slice};
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::Cryptography::{
        CRYPT_INTEGER_BLOB, CRYPTPROTECT_LOCAL_MACHINE, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
        CryptUnprotectData,
    },
};
use zeroize::{Zeroize, Zeroizing};

/// What Windows allocated for an answer; zeroed before it is given back.
struct Answer(CRYPT_INTEGER_BLOB);

impl Answer {
    fn none() -> Self {
        Self(CRYPT_INTEGER_BLOB { cbData: 0, pbData: ptr::null_mut() })
    }

    fn copy(&self) -> Zeroizing<Vec<u8>> {
        if self.0.pbData.is_null() {
            return Zeroizing::default();
        }
        // SAFETY: Windows says that so many bytes are there, and they are ours until dropped.
        Zeroizing::new(unsafe { slice::from_raw_parts(self.0.pbData, self.0.cbData as usize) }.to_vec())
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.0.pbData.is_null() {
            return;
        }
        // SAFETY: as in `copy`; nobody else holds a reference now.
        unsafe { slice::from_raw_parts_mut(self.0.pbData, self.0.cbData as usize) }.zeroize();
        // SAFETY: allocated by Windows for us with LocalAlloc, freed once.
        unsafe { LocalFree(self.0.pbData.cast()) };
    }
}

fn blob(data: &[u8]) -> io::Result<CRYPT_INTEGER_BLOB> {
    let length = u32::try_from(data.len()).map_err(io::Error::other)?;
    // Windows reads it only, whatever the type says.
    Ok(CRYPT_INTEGER_BLOB { cbData: length, pbData: data.as_ptr().cast_mut() })
}

/// Encrypts with a key of this machine and not of this account: the service that resumes runs as another one
/// (<https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata>, `CRYPTPROTECT_LOCAL_MACHINE`). Who
/// on this machine may decrypt is therefore decided by the access list of the file it is put in.
pub(crate) fn protect(data: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    let given = blob(data)?;
    let mut answer = Answer::none();
    // SAFETY: `given` points to `data`, which outlives the call; the answer is ours to fill, the rest is left out.
    check(unsafe {
        CryptProtectData(
            &given,
            ptr::null(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN,
            &mut answer.0,
        )
    })?;
    Ok(answer.copy())
}

/// What was given to [`protect`] on this machine.
pub(crate) fn unprotect(data: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    let given = blob(data)?;
    let mut answer = Answer::none();
    // SAFETY: as in `protect`.
    check(unsafe {
        CryptUnprotectData(
            &given,
            ptr::null_mut(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &mut answer.0,
        )
    })?;
    Ok(answer.copy())
}
