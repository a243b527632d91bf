//! Windows error codes as failures.

use mailsec_core::{Code, Failure};
use std::io;

// <https://learn.microsoft.com/windows/win32/debug/system-error-codes>
const ACCESS_DENIED: i32 = 5;
const SHARING_VIOLATION: i32 = 32;
const LOCK_VIOLATION: i32 = 33;
const HANDLE_DISK_FULL: i32 = 39;
const DISK_FULL: i32 = 112;
const ELEVATION_REQUIRED: i32 = 740;
const PRIVILEGE_NOT_HELD: i32 = 1314;

/// A failure for something the system refused: `code`, unless the error has a clearer one of its own.
#[must_use]
pub fn system_failure(code: Code, what: impl Into<String>, error: &io::Error) -> Failure {
    let what = what.into();
    let failure = match error.raw_os_error() {
        Some(ACCESS_DENIED | ELEVATION_REQUIRED | PRIVILEGE_NOT_HELD) => {
            Failure::new(Code::AccessDenied, what).hint("run as administrator").ask()
        }
        Some(SHARING_VIOLATION | LOCK_VIOLATION) => Failure::new(code, what)
            .found("another program has the file open")
            .hint("close the program that uses it; a stopped service may need a moment to let go")
            .retry(),
        Some(DISK_FULL | HANDLE_DISK_FULL) => {
            Failure::new(Code::DiskFull, what).hint("free some space on this volume").ask()
        }
        _ => Failure::new(code, what),
    };
    failure.cause(error)
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;
    use mailsec_core::failure::Remedy;

    #[test]
    fn the_errors_a_person_can_mend_say_how() {
        let of = |raw| system_failure(Code::FileUnwritable, "x", &io::Error::from_raw_os_error(raw));
        assert_eq!((of(5).code, of(5).remedy), (Code::AccessDenied, Remedy::Ask));
        assert_eq!((of(32).code, of(32).remedy), (Code::FileUnwritable, Remedy::Retry));
        assert_eq!(of(112).code, Code::DiskFull);
        assert_eq!((of(2).code, of(2).remedy), (Code::FileUnwritable, Remedy::None));
    }
}
