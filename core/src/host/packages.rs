//! Installed packages, and installers.

use super::Answer;
use crate::{
    Permit,
    values::{Digest, Secret, ServerPath},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// An entry of the Uninstall keys (both registry views). Never `Win32_Product`: asking it repairs every package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledPackage {
    /// Name of its Uninstall key; a product code `{...}` for MSI packages.
    pub key: String,
    /// `DisplayName`.
    pub name: String,
    /// `DisplayVersion`, as written there.
    pub version: String,
    /// `Publisher`.
    #[serde(default)]
    pub publisher: String,
    /// `InstallLocation`, where it is given.
    #[serde(default)]
    pub location: Option<ServerPath>,
}

/// What kind of file an installer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageKind {
    /// A Windows Installer database.
    Msi,
    /// A program.
    Exe,
}

/// An Authenticode signature's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// Valid, by this signer (subject's organisation or common name).
    Valid(String),
    /// There is none.
    Absent,
    /// There is one and it does not hold; why.
    Invalid(String),
    /// This host cannot check signatures; why.
    Unchecked(String),
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid(by) => write!(f, "signed by {by}"),
            Self::Absent => f.write_str("not signed"),
            Self::Invalid(why) => write!(f, "signed, and the signature does not hold: {why}"),
            Self::Unchecked(why) => write!(f, "a signature that cannot be checked here: {why}"),
        }
    }
}

/// An installer file, looked at without running it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFile {
    /// Where it lies.
    pub path: ServerPath,
    /// MSI or program.
    pub kind: PackageKind,
    /// Bytes.
    pub size: u64,
    /// Digest of the file.
    pub digest: Digest,
    /// Product name in the file (MSI property `ProductName`, or the version resource).
    pub product: Option<String>,
    /// Product version in the file.
    pub version: Option<String>,
    /// MSI product code.
    pub product_code: Option<String>,
    /// Who signed it.
    pub signature: Signature,
}

/// How to run an installer.
#[derive(Debug)]
pub struct InstallRequest<'a> {
    /// The file; its digest was checked just before.
    pub package: &'a ServerPath,
    /// MSI or program.
    pub kind: PackageKind,
    /// Arguments for a program's silent mode, or MSI properties `NAME=value`. Tested by the operator, never guessed.
    pub arguments: &'a [String],
    /// MSI properties whose value is a secret; the host keeps them out of its log.
    pub secret_properties: &'a [(String, Secret)],
    /// Where the installer's log is kept.
    pub log: &'a ServerPath,
    /// After this long the host answers [`Code::TimeLimit`](crate::Code::TimeLimit) and leaves the installer running:
    /// ending one in the middle is worse than waiting.
    pub limit: Duration,
}

/// How to remove a product.
#[derive(Debug)]
pub struct UninstallRequest<'a> {
    /// MSI product code.
    pub product_code: &'a str,
    /// MSI properties whose value is a secret.
    pub secret_properties: &'a [(String, Secret)],
    /// Where the log is kept.
    pub log: &'a ServerPath,
    /// As for installing.
    pub limit: Duration,
}

/// What an installer said when it ended, by its exit code
/// (<https://learn.microsoft.com/windows/win32/msi/error-codes>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstallerOutcome {
    /// Exit code 0: done.
    Done,
    /// 3010: done, restart needed.
    RestartNeeded,
    /// 1641: done, and it has started a restart.
    RestartBegun,
    /// 1618: another installation is running.
    Busy,
    /// 1602: cancelled by a person.
    Cancelled,
    /// 1603 and every other code.
    Failed(i32),
}

impl InstallerOutcome {
    /// The meaning of an exit code.
    #[must_use]
    pub fn from_exit_code(code: i32) -> Self {
        match code {
            0 => Self::Done,
            3010 => Self::RestartNeeded,
            1641 => Self::RestartBegun,
            1618 => Self::Busy,
            1602 => Self::Cancelled,
            other => Self::Failed(other),
        }
    }

    /// Whether the package is in place.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Done | Self::RestartNeeded | Self::RestartBegun)
    }

    /// Whether a restart must follow.
    #[must_use]
    pub fn needs_restart(&self) -> bool {
        matches!(self, Self::RestartNeeded | Self::RestartBegun)
    }
}

/// The exit code in the last lines of a Windows Installer log (`/l*v`), for an installer whose end nobody saw. The log
/// is UTF-16LE, or 8-bit text; `None` when it does not tell.
#[must_use]
pub fn exit_code_in(log: &[u8]) -> Option<i32> {
    const MARK: &[u8] = b"MainEngineThread is returning ";
    // Digits and these words are ASCII: without the zero bytes both encodings read alike.
    let text: Vec<u8> = log.iter().copied().filter(|byte| *byte != 0).collect();
    let end = text.windows(MARK.len()).rposition(|window| window == MARK)? + MARK.len();
    let digits = text[end..].iter().copied().take_while(|byte| byte.is_ascii_digit() || *byte == b'-');
    String::from_utf8(digits.collect()).ok()?.parse().ok()
}

/// Packages on the server.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Packages: Send + Sync {
    /// Everything in the Uninstall keys.
    async fn installed(&self) -> Answer<Vec<InstalledPackage>>;

    /// Looks at an installer without running it. A missing file is [`Code::PackageMissing`](crate::Code::PackageMissing).
    async fn inspect(&self, path: &ServerPath) -> Answer<PackageFile>;

    /// Whether Windows Installer is working now (the service's accepted controls, not the mutex).
    async fn busy(&self) -> Answer<bool>;

    /// The exit code that an installer wrote at the end of its log; `None` when there is no log or it does not tell.
    /// See [`exit_code_in`].
    async fn logged_exit(&self, log: &ServerPath) -> Answer<Option<i32>>;

    /// Runs an installer to its end. It must not restart the server by itself (`REBOOT=ReallySuppress`).
    async fn install<'a>(&self, permit: &Permit, request: InstallRequest<'a>) -> Answer<InstallerOutcome>;

    /// Removes a product.
    async fn uninstall<'a>(&self, permit: &Permit, request: UninstallRequest<'a>)
    -> Answer<InstallerOutcome>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_of_a_log_is_its_last_one_in_either_encoding() {
        let log = "MainEngineThread is returning 1618\r\nagain\r\nMSI (c): MainEngineThread is returning 3010\r\n===";
        let wide: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(exit_code_in(log.as_bytes()), Some(3010));
        assert_eq!(exit_code_in(&wide), Some(3010));
        assert_eq!(exit_code_in(&wide[..wide.len() - 40]), Some(1618), "cut in the middle");
        assert_eq!(exit_code_in(b"MainEngineThread is returning"), None);
        assert_eq!(exit_code_in(b""), None);
    }
}
