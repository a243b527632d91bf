//! Authenticode.

use super::{narrow, wide};
use std::{mem, path::Path, ptr};
use windows_sys::Win32::{
    Foundation::HWND,
    Security::{
        Cryptography::{
            CERT_NAME_ATTR_TYPE, CERT_NAME_SIMPLE_DISPLAY_TYPE, CertGetNameStringW, szOID_ORGANIZATION_NAME,
        },
        WinTrust::{
            WINTRUST_ACTION_GENERIC_VERIFY_V2, WINTRUST_DATA, WINTRUST_DATA_0, WINTRUST_FILE_INFO,
            WTD_CACHE_ONLY_URL_RETRIEVAL, WTD_CHOICE_FILE, WTD_REVOKE_NONE, WTD_STATEACTION_CLOSE,
            WTD_STATEACTION_VERIFY, WTD_UI_NONE, WTHelperGetProvCertFromChain,
            WTHelperGetProvSignerFromChain, WTHelperProvDataFromStateData, WinVerifyTrust,
        },
    },
};

/// What Windows says of a file's signature.
pub(crate) enum Verdict {
    /// It holds; by whom.
    Valid(String),
    /// There is none.
    Absent,
    /// It does not hold; the error code.
    Invalid(i32),
}

// <https://learn.microsoft.com/windows/win32/api/wintrust/nf-wintrust-winverifytrust>
const NO_SIGNATURE: i32 = 0x800b_0100_u32.cast_signed();
const SUBJECT_FORM_UNKNOWN: i32 = 0x800b_0003_u32.cast_signed();
const PROVIDER_UNKNOWN: i32 = 0x800b_0001_u32.cast_signed();

/// Verifies the signature, without asking the network: mail servers often have no way out, and a time-out of minutes
/// for each check would look like a hang. Revocation is therefore not checked.
pub(crate) fn verify(path: &Path) -> Verdict {
    let path = wide(&path.to_string_lossy());
    let mut file = WINTRUST_FILE_INFO {
        cbStruct: u32::try_from(mem::size_of::<WINTRUST_FILE_INFO>()).unwrap_or(0),
        pcwszFilePath: path.as_ptr(),
        hFile: ptr::null_mut(),
        pgKnownSubject: ptr::null_mut(),
    };
    let mut data = WINTRUST_DATA {
        cbStruct: u32::try_from(mem::size_of::<WINTRUST_DATA>()).unwrap_or(0),
        dwUIChoice: WTD_UI_NONE,
        fdwRevocationChecks: WTD_REVOKE_NONE,
        dwUnionChoice: WTD_CHOICE_FILE,
        Anonymous: WINTRUST_DATA_0 { pFile: &raw mut file },
        dwStateAction: WTD_STATEACTION_VERIFY,
        dwProvFlags: WTD_CACHE_ONLY_URL_RETRIEVAL,
        ..Default::default()
    };
    let nobody: HWND = -1isize as HWND;
    let mut action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
    // SAFETY: structures of the stated sizes that outlive both calls; the state is closed below.
    let answer = unsafe { WinVerifyTrust(nobody, &mut action, (&raw mut data).cast()) };
    let signer = if answer == 0 { signer(&data) } else { None };
    data.dwStateAction = WTD_STATEACTION_CLOSE;
    // SAFETY: as above; frees the state of the first call.
    unsafe { WinVerifyTrust(nobody, &mut action, (&raw mut data).cast()) };
    match answer {
        0 => Verdict::Valid(signer.unwrap_or_else(|| "a signer without a name".to_owned())),
        NO_SIGNATURE | SUBJECT_FORM_UNKNOWN | PROVIDER_UNKNOWN => Verdict::Absent,
        other => Verdict::Invalid(other),
    }
}

/// The signer's organisation, else the name that Windows shows.
fn signer(data: &WINTRUST_DATA) -> Option<String> {
    // SAFETY: the state of a successful check, not closed yet; every pointer is checked before its use, and all of
    // them belong to that state.
    unsafe {
        let provider = WTHelperProvDataFromStateData(data.hWVTStateData);
        if provider.is_null() {
            return None;
        }
        let signer = WTHelperGetProvSignerFromChain(provider, 0, 0, 0);
        if signer.is_null() {
            return None;
        }
        let certificate = WTHelperGetProvCertFromChain(signer, 0);
        if certificate.is_null() || (*certificate).pCert.is_null() {
            return None;
        }
        let mut buffer = [0u16; 512];
        for (kind, which) in [
            (CERT_NAME_ATTR_TYPE, szOID_ORGANIZATION_NAME.cast()),
            (CERT_NAME_SIMPLE_DISPLAY_TYPE, ptr::null()),
        ] {
            let length = CertGetNameStringW((*certificate).pCert, kind, 0, which, buffer.as_mut_ptr(), 512);
            // The length counts the closing zero.
            if length > 1 {
                return Some(narrow(&buffer));
            }
        }
        None
    }
}
