//! Who may read what this program creates.

use super::{check, check_code, wide};
use std::{
    fs::File,
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle},
    path::Path,
    ptr,
};
use windows_sys::Win32::{
    Foundation::{GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE, LocalFree},
    Security::{
        ACL,
        Authorization::{
            ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
            SE_FILE_OBJECT, SetSecurityInfo,
        },
        DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
    Storage::FileSystem::{
        CREATE_NEW, CreateDirectoryW, CreateFileW, DELETE, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ, WRITE_DAC,
    },
};

// SYSTEM and Administrators may do everything, nobody else anything; nothing is inherited from above, and what is
// created below inherits the same.
const OWNER_ONLY: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// A security descriptor that Windows allocated.
pub(super) struct Descriptor(pub(super) PSECURITY_DESCRIPTOR);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: allocated by Windows for us with LocalAlloc, freed once.
        unsafe { LocalFree(self.0) };
    }
}

fn owner_only() -> io::Result<Descriptor> {
    descriptor(OWNER_ONLY)
}

fn descriptor(text: &str) -> io::Result<Descriptor> {
    let text = wide(text);
    let mut descriptor = ptr::null_mut();
    // SAFETY: the text ends with a zero; the size is not wanted.
    check(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            ptr::null_mut(),
        )
    })?;
    Ok(Descriptor(descriptor))
}

fn attributes(descriptor: &Descriptor) -> SECURITY_ATTRIBUTES {
    SECURITY_ATTRIBUTES {
        nLength: u32::try_from(mem::size_of::<SECURITY_ATTRIBUTES>()).unwrap_or(0),
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    }
}

/// Creates one folder for administrators only; its parent exists.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let descriptor = owner_only()?;
    let path = wide(&path.to_string_lossy());
    // SAFETY: the path ends with a zero; the descriptor outlives the call.
    check(unsafe { CreateDirectoryW(path.as_ptr(), &attributes(&descriptor)) })
}

/// Creates a file for administrators only; fails when there is one.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    create(path, &owner_only()?)
}

/// As [`create_file`], for the account with this SID as well.
pub(crate) fn create_file_for(path: &Path, user: &str) -> io::Result<File> {
    create(path, &descriptor(&format!("{OWNER_ONLY}(A;;FA;;;{user})"))?)
}

fn create(path: &Path, descriptor: &Descriptor) -> io::Result<File> {
    let path = wide(&path.to_string_lossy());
    // SAFETY: the path ends with a zero; the descriptor outlives the call.
    let handle = unsafe {
        CreateFileW(
            path.as_ptr(),
            GENERIC_READ | GENERIC_WRITE | DELETE | WRITE_DAC,
            FILE_SHARE_READ,
            &attributes(descriptor),
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            ptr::null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { File::from_raw_handle(handle) })
}

/// Gives `file` the access list that the file at `model` has, so that a replaced file stays readable for those who
/// could read it.
pub(crate) fn copy_access(model: &Path, file: &File) -> io::Result<()> {
    let path = wide(&model.to_string_lossy());
    let mut list: *mut ACL = ptr::null_mut();
    let mut descriptor = ptr::null_mut();
    // SAFETY: the path ends with a zero; `list` points into `descriptor`, which is freed after its use.
    check_code(unsafe {
        GetNamedSecurityInfoW(
            path.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            &mut list,
            ptr::null_mut(),
            &mut descriptor,
        )
    })?;
    let _descriptor = Descriptor(descriptor);
    // SAFETY: an open file with WRITE_DAC, and a list that lives in the descriptor above.
    check_code(unsafe {
        SetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            list,
            ptr::null(),
        )
    })
}
