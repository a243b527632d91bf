//! Errors as data: they are journaled, and read back after a crash.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the engine may do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// The same call may succeed later; the step's retry rule decides how often.
    Retry,
    /// A person can put it right (give a password, close a program); a gate asks.
    Ask,
    /// Trying again changes nothing.
    None,
}

/// A failure with everything a reader needs: code, what was expected and found, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// What went wrong, as a stable word.
    pub code: Code,
    /// One sentence, no trailing period.
    pub message: String,
    /// What should have been there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What the reader can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Causes, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What the engine may do about it.
    pub remedy: Remedy,
}

impl Failure {
    /// A failure that trying again does not mend.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            expected: None,
            found: None,
            hint: None,
            causes: Vec::new(),
            remedy: Remedy::None,
        }
    }

    /// Says what should have been there.
    #[must_use]
    pub fn expected(mut self, what: impl Into<String>) -> Self {
        self.expected = Some(what.into());
        self
    }

    /// Says what was there.
    #[must_use]
    pub fn found(mut self, what: impl Into<String>) -> Self {
        self.found = Some(what.into());
        self
    }

    /// Says what the reader can do.
    #[must_use]
    pub fn hint(mut self, what: impl Into<String>) -> Self {
        self.hint = Some(what.into());
        self
    }

    /// Adds a cause, below those already there.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Marks the failure as one that may pass.
    #[must_use]
    pub fn retry(mut self) -> Self {
        self.remedy = Remedy::Retry;
        self
    }

    /// Marks the failure as one that a person can put right.
    #[must_use]
    pub fn ask(mut self) -> Self {
        self.remedy = Remedy::Ask;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(found) = &self.found {
            write!(f, "; found {found}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Stable error codes. Adding one means adding its page in `docs/errors/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
            /// A code of a newer version of the program, read from its journal.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl Code {
            /// All codes that this version knows.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as it is printed and stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $text,)*
                    Code::Unknown => "unknown",
                }
            }
        }
    };
}

codes! {
    // The request and its arguments.
    /// An argument does not have the form it needs.
    BadArgument = "bad-argument",
    /// An account was not given as `DOMAIN\user`.
    AccountForm = "account-form",
    /// No product that this program knows is installed.
    ProductNotFound = "product-not-found",
    /// The installed version is not one that this plan can start from.
    VersionUnsupported = "version-unsupported",
    /// The package does not lead to a newer version.
    VersionNotNewer = "version-not-newer",
    /// The product has another name in the new version.
    ProductRenamed = "product-renamed",
    /// The method of upgrading does not apply here.
    MethodUnfit = "method-unfit",
    /// A finding forbids the upgrade.
    Blocked = "blocked",
    /// A plan breaks a rule of the plan lint.
    PlanLint = "plan-lint",
    /// A plan file cannot be read or its hash does not match.
    PlanDamaged = "plan-damaged",
    /// The plan was made for another server or another state of it.
    PlanStale = "plan-stale",
    /// Captured facts cannot be read, or are not those that were captured.
    FactsDamaged = "facts-damaged",
    /// The captured facts are missing, of another server or product, or do not tell enough.
    FactsUnfit = "facts-unfit",

    // The package.
    /// The installer file is missing or unreadable.
    PackageMissing = "package-missing",
    /// The installer is not for this product.
    PackageWrongProduct = "package-wrong-product",
    /// The installer is not the version that was planned.
    PackageWrongVersion = "package-wrong-version",
    /// The installer's digest is not the one that was given or planned.
    PackageDigest = "package-digest",
    /// The installer's signature is missing, invalid or by somebody else.
    PackageSignature = "package-signature",
    /// Another installation is running (MSI 1618).
    InstallerBusy = "installer-busy",
    /// The installer failed (MSI 1603 and others).
    InstallerFailed = "installer-failed",
    /// A person cancelled the installer (MSI 1602).
    InstallerCancelled = "installer-cancelled",
    /// After the installer, the version is not the one that was planned.
    VersionMismatch = "version-mismatch",

    // Account and credentials.
    /// The service account has administrator rights, directly, nested or by its primary group.
    AccountIsAdmin = "account-is-admin",
    /// The account does not exist.
    AccountNotFound = "account-not-found",
    /// An account of that name exists and was not made by this upgrade.
    AccountExists = "account-exists",
    /// The account is disabled, locked, or its password or the account itself expires.
    AccountUnfit = "account-unfit",
    /// The account, or its password, was changed by hand, and what comes after failed.
    AccountUnproven = "account-unproven",
    /// The password is wrong.
    PasswordWrong = "password-wrong",
    /// The directory refused the password by its policy.
    PasswordPolicy = "password-policy",
    /// A secret is needed and nobody gave it.
    SecretMissing = "secret-missing",
    /// The directory cannot be reached or refused the request.
    Directory = "directory",

    // The server.
    /// A service does not exist.
    ServiceNotFound = "service-not-found",
    /// A service could not be started.
    ServiceStart = "service-start",
    /// A service could not be stopped.
    ServiceStop = "service-stop",
    /// A service's settings could not be read or changed.
    ServiceConfig = "service-config",
    /// A registered transport agent's assembly is not on disk; transport would not start (events 7001, 16023).
    AssemblyMissing = "assembly-missing",
    /// Transport agents are not as they should be.
    AgentsDiffer = "agents-differ",
    /// `agents.config` cannot be read.
    AgentsUnreadable = "agents-unreadable",
    /// The Exchange shell failed.
    Shell = "shell",
    /// No Exchange server was found.
    ExchangeNotFound = "exchange-not-found",
    /// A program of the product could not be closed.
    ProcessBusy = "process-busy",
    /// The server needs a restart before this can be done.
    RestartPending = "restart-pending",
    /// The restart was asked for and did not happen.
    RestartDidNotHappen = "restart-did-not-happen",
    /// The server did not become ready in time.
    NotReady = "not-ready",
    /// Mail does not flow.
    MailProbe = "mail-probe",
    /// The test file was delivered unchanged: mail is not scanned.
    MailUnscanned = "mail-unscanned",
    /// Whether mail is scanned could not be found out.
    ScanUndetermined = "scan-undetermined",
    /// A time limit passed.
    TimeLimit = "time-limit",
    /// The operating system refused for want of rights.
    AccessDenied = "access-denied",
    /// The operating system reported an error that no other code fits.
    System = "system",

    // The management server.
    /// The management server cannot be reached, or its answer cannot be used.
    ManagementServer = "management-server",
    /// The management server does not accept user and password.
    ManagementLogin = "management-login",
    /// The user may not do this on the management server.
    ManagementAccess = "management-access",
    /// The management server says no to a request.
    ManagementRefused = "management-refused",
    /// A device is not there, not the only one of its name, or not as it must be.
    DeviceUnfit = "device-unfit",
    /// A task failed on a device.
    DeviceTask = "device-task",
    /// Which task of the management server is the upgrade's own cannot be told.
    DeviceTaskUnclear = "device-task-unclear",

    // Files.
    /// A file or folder does not exist.
    FileMissing = "file-missing",
    /// A file cannot be read.
    FileUnreadable = "file-unreadable",
    /// A file cannot be written.
    FileUnwritable = "file-unwritable",
    /// There is not enough free space.
    DiskFull = "disk-full",
    /// A copy differs from its original.
    BackupDiffers = "backup-differs",
    /// The exported rules are missing, empty, or older than the upgrade.
    RulesExport = "rules-export",

    // Exported settings.
    /// Exported settings are not well-formed.
    SettingsMalformed = "settings-malformed",
    /// A file is not an export of the product's settings.
    SettingsForeign = "settings-foreign",
    /// Exported settings end before they are complete.
    SettingsTruncated = "settings-truncated",
    /// Exported settings are larger, deeper or wider than is read.
    SettingsTooLarge = "settings-too-large",

    /// The product's settings could not be exported, or the exported file is not what it must be.
    SettingsExport = "settings-export",
    /// The product refuses to import its settings.
    SettingsImport = "settings-import",
    /// Settings cannot be, or were not, taken over.
    SettingsLost = "settings-lost",

    // The run itself.
    /// A gate that is not open was answered, or with an answer it does not have.
    GateNotOpen = "gate-not-open",
    /// Not every item of a gate's checklist is answered.
    ChecklistOpen = "checklist-open",
    /// There is no such upgrade.
    UpgradeNotFound = "upgrade-not-found",
    /// Another upgrade of this server is not finished.
    UpgradeInProgress = "upgrade-in-progress",
    /// The request does not fit the state of the upgrade.
    RequestRefused = "request-refused",
    /// The mail budget does not allow it.
    Budget = "budget",
    /// A crash left a step in doubt, and the server does not show what happened.
    InDoubt = "in-doubt",
    /// The same thing was tried too often.
    LoopBroken = "loop-broken",
    /// The vendor has no such operation.
    OperationUnsupported = "operation-unsupported",

    // The nodes of a cluster.
    /// A node's state folder cannot be reached, or nobody takes orders there.
    NodeUnreachable = "node-unreachable",
    /// A node refused its order.
    NodeRefused = "node-refused",
    /// A node's upgrade ended without success.
    NodeFailed = "node-failed",
    /// Not every node of the cluster is as it must be.
    ClusterNotWhole = "cluster-not-whole",

    // The journal.
    /// Another process holds the journal.
    JournalLocked = "journal-locked",
    /// The journal is torn or damaged.
    JournalDamaged = "journal-damaged",
    /// The journal was written by a newer version of the program.
    JournalNewer = "journal-newer",
    /// An append expected another last sequence number.
    JournalConflict = "journal-conflict",
    /// The journal cannot be written.
    JournalUnwritable = "journal-unwritable",
    /// An event is larger than an envelope may be.
    JournalTooLarge = "journal-too-large",
    /// A replay takes another course than the record.
    ReplayDeparts = "replay-departs",
    /// The simulated world is missing or damaged.
    World = "world",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
