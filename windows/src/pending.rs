//! What a pending restart looks like, and how much each sign weighs.
//!
//! Places: CSS-Exchange `Shared/Get-ServerRebootPending.ps1` and ansible.windows `setup.ps1`. Configuration Manager's
//! own flag (WMI `CCM_ClientUtilities`) is not asked.

use mailsec_core::host::{PendingRestart, PendingWeight};

const SESSION_MANAGER: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager";
const COMPUTER_NAME: &str = r"SYSTEM\CurrentControlSet\Control\ComputerName";
const UPDATES: &str = r"SOFTWARE\Microsoft\Updates";
const SERVER_MANAGER: &str = r"SOFTWARE\Microsoft\ServerManager\ServicingStorage\ServerComponentCache";

/// Keys whose mere existence means that Windows itself wants a restart.
const KEYS: [(&str, &str); 3] = [
    (
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
        "component servicing waits for a restart",
    ),
    (
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootInProgress",
        "component servicing is in the middle of a restart",
    ),
    (
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
        "Windows Update waits for a restart",
    ),
];

/// Reads from `HKEY_LOCAL_MACHINE` (64-bit view): whether a key exists, and a value as text.
pub trait Look {
    /// What can go wrong.
    type Error;
    /// Whether the key exists.
    fn exists(&self, key: &str) -> Result<bool, Self::Error>;
    /// The value as text, multi-strings joined by line feeds.
    fn value(&self, key: &str, name: &str) -> Result<Option<String>, Self::Error>;
}

/// All signs.
///
/// # Errors
/// What `look` reports.
pub fn signs<L: Look>(look: &L) -> Result<Vec<PendingRestart>, L::Error> {
    let mut signs = Vec::new();
    let mut push = |key: &str, name: &str, detail: String, weight| {
        let sign = if name.is_empty() { format!(r"HKLM\{key}") } else { format!(r"HKLM\{key} {name}") };
        signs.push(PendingRestart { sign, detail, weight });
    };
    for (key, detail) in KEYS {
        if look.exists(key)? {
            push(key, "", detail.to_owned(), PendingWeight::Stop);
        }
    }
    if let Some(flags) = look.value(UPDATES, "UpdateExeVolatile")?
        && flags != "0"
    {
        push(
            UPDATES,
            "UpdateExeVolatile",
            format!("an update waits for a restart ({flags})"),
            PendingWeight::Stop,
        );
    }
    let volatile = format!(r"{UPDATES}\UpdateExeVolatile");
    if let Some(flags) = look.value(&volatile, "Flags")?
        && flags != "0"
    {
        push(&volatile, "Flags", format!("an update waits for a restart ({flags})"), PendingWeight::Stop);
    }
    if let Some(needed) = look.value(SERVER_MANAGER, "RestartRequired")?
        && needed != "0"
    {
        push(
            SERVER_MANAGER,
            "RestartRequired",
            "a role or feature waits for a restart".into(),
            PendingWeight::Stop,
        );
    }
    let active = look.value(&format!(r"{COMPUTER_NAME}\ActiveComputerName"), "ComputerName")?;
    let next = look.value(&format!(r"{COMPUTER_NAME}\ComputerName"), "ComputerName")?;
    if let (Some(active), Some(next)) = (active, next)
        && !active.eq_ignore_ascii_case(&next)
    {
        let detail = format!("the server is {active} and becomes {next} at the restart");
        push(&format!(r"{COMPUTER_NAME}\ComputerName"), "ComputerName", detail, PendingWeight::Stop);
    }
    for name in ["PendingFileRenameOperations", "PendingFileRenameOperations2"] {
        if let Some(list) = look.value(SESSION_MANAGER, name)? {
            let renames = renames(&list);
            if !renames.is_empty() {
                push(SESSION_MANAGER, name, renames.join("\n"), PendingWeight::Warn);
            }
        }
    }
    Ok(signs)
}

/// The pairs of `PendingFileRenameOperations` in words: source, then target; an empty target means "delete", `!` before
/// the target means "replace" (<https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw>).
/// Endpoint protection fills this list daily, so it is a warning that names the files, never a reason to stop.
#[must_use]
pub fn renames(list: &str) -> Vec<String> {
    let plain = |path: &str| path.trim_start_matches('!').trim_start_matches(r"\??\").to_owned();
    let lines: Vec<&str> = list.split('\n').collect();
    lines
        .chunks(2)
        .filter(|pair| !pair[0].is_empty())
        .map(|pair| match pair.get(1) {
            Some(target) if !target.is_empty() => format!("{} -> {}", plain(pair[0]), plain(target)),
            _ => format!("{} (deleted)", plain(pair[0])),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, convert::Infallible};

    #[derive(Default)]
    struct Fake(BTreeMap<(String, String), String>);

    impl Fake {
        fn with(mut self, key: &str, name: &str, value: &str) -> Self {
            self.0.insert((key.to_owned(), name.to_owned()), value.to_owned());
            self
        }
    }

    impl Look for Fake {
        type Error = Infallible;
        fn exists(&self, key: &str) -> Result<bool, Infallible> {
            Ok(self.0.keys().any(|(k, _)| k == key))
        }
        fn value(&self, key: &str, name: &str) -> Result<Option<String>, Infallible> {
            Ok(self.0.get(&(key.to_owned(), name.to_owned())).cloned())
        }
    }

    fn weights(fake: &Fake) -> Vec<PendingWeight> {
        signs(fake).unwrap().into_iter().map(|sign| sign.weight).collect()
    }

    #[test]
    fn servicing_and_updates_stop_and_renames_warn_with_their_paths() {
        assert_eq!(weights(&Fake::default()), []);
        for (key, _) in KEYS {
            assert_eq!(weights(&Fake::default().with(key, "", "")), [PendingWeight::Stop]);
        }
        let fake = Fake::default().with(
            SESSION_MANAGER,
            "PendingFileRenameOperations",
            "\\??\\C:\\Temp\\a.tmp\n\n\\??\\C:\\b.new\n!\\??\\C:\\b.dll",
        );
        let signs = signs(&fake).unwrap();
        assert_eq!(signs[0].weight, PendingWeight::Warn);
        assert_eq!(signs[0].detail, "C:\\Temp\\a.tmp (deleted)\nC:\\b.new -> C:\\b.dll");
    }

    #[test]
    fn a_zero_flag_is_no_sign_and_a_new_name_is() {
        let volatile = format!(r"{UPDATES}\UpdateExeVolatile");
        assert_eq!(weights(&Fake::default().with(&volatile, "Flags", "0")), []);
        assert_eq!(weights(&Fake::default().with(&volatile, "Flags", "1")), [PendingWeight::Stop]);
        let names =
            |next| {
                Fake::default()
                    .with(&format!(r"{COMPUTER_NAME}\ActiveComputerName"), "ComputerName", "MX1")
                    .with(&format!(r"{COMPUTER_NAME}\ComputerName"), "ComputerName", next)
            };
        assert_eq!(weights(&names("mx1")), []);
        assert_eq!(weights(&names("MX2")), [PendingWeight::Stop]);
    }
}
