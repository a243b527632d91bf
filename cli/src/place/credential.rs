//! The system's own store of credentials: Windows Credential Manager, and the kernel's keyring on Linux.
//!
//! Both belong to whoever is logged on: the service, which takes an upgrade up after a restart, is somebody else.

use keyring_core::{Entry, Error, api::CredentialStoreApi};
use mailsec_core::{Failure, failure::Code};
use std::collections::HashMap;

#[cfg(windows)]
use windows_native_keyring_store::Store;
/// What the store calls the name of a credential.
#[cfg(windows)]
const TARGET: &str = "target";
/// What somebody can do who finds it missing.
#[cfg(windows)]
const HINT: &str =
    "`cmdkey /generic:TARGET /user:NAME /pass` asks for it and keeps it, for this log-on account alone";

#[cfg(target_os = "linux")]
use linux_keyutils_keyring_store::Store;
#[cfg(target_os = "linux")]
const TARGET: &str = "description";
#[cfg(target_os = "linux")]
const HINT: &str = "`keyctl padd user TARGET @s` takes it from a pipe and keeps it for this session";

/// The password that is kept under this name.
pub(super) fn find(name: &str, target: &str) -> Result<String, Failure> {
    let missing = || {
        Failure::new(
            Code::SecretMissing,
            format!("the secret {name} is not in this account's credential store"),
        )
        .expected(format!("a generic credential named {target}"))
        .hint(HINT)
    };
    match entry(target).and_then(|entry| entry.get_password()) {
        Ok(password) => Ok(password),
        Err(Error::NoEntry) => Err(missing()),
        // These two carry what was found, which may be the secret.
        Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => {
            Err(missing().found("one that is not Unicode text"))
        }
        Err(error) => Err(missing().cause(error)),
    }
}

fn entry(target: &str) -> Result<Entry, Error> {
    Store::new()?.build("mailsec", "mailsec", Some(&HashMap::from([(TARGET, target)])))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_under_a_name_is_found_and_what_is_not_is_missing() {
        let target = format!("mailsec-test-{}", std::process::id());
        assert_eq!(find("x", &target).unwrap_err().code, Code::SecretMissing);
        entry(&target).unwrap().set_password("P\u{e4}ss word").unwrap();
        assert_eq!(find("x", &target).unwrap(), "P\u{e4}ss word");
        entry(&target).unwrap().set_secret(&[0xff, 0xfe, 0x00]).unwrap();
        let failure = find("x", &target).unwrap_err();
        assert_eq!(failure.code, Code::SecretMissing);
        assert!(!format!("{failure:?}").contains("255"), "{failure:?}");
        entry(&target).unwrap().delete_credential().unwrap();
        assert_eq!(find("x", &target).unwrap_err().code, Code::SecretMissing);
    }
}
