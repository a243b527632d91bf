//! The closed vocabulary of operations. Core alone executes them (`operations/`), so their behaviour in a crash is
//! proven once for every vendor.

use super::{ExpectedNode, NodeRole, Question, VendorTraits};
use crate::{
    host::{NodeOrder, PackageKind, ServiceName},
    values::{AccountName, Digest, SecretRef, ServerPath, StepId, Version},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An installer as it must be, checked before anything is detached and again just before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedPackage {
    /// Where it lies.
    pub path: ServerPath,
    /// MSI or program.
    pub kind: PackageKind,
    /// Its product name must contain one of these, without case.
    pub product: Vec<String>,
    /// The version it installs.
    pub version: Version,
    /// Digest, as seen when the plan was made; an operator's own digest was compared with it then.
    pub digest: Digest,
    /// The signer's name must contain this; `None` when the operator chose to accept an unsigned package.
    pub signer: Option<String>,
}

/// An MSI property whose value is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretProperty {
    /// Property name.
    pub name: String,
    /// Where the value is.
    pub secret: SecretRef,
}

/// How an installer runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallerMode {
    /// By the program, without a window.
    Silent {
        /// Switches or MSI properties that the operator has tested.
        arguments: Vec<String>,
        /// Properties with secret values.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secrets: Vec<SecretProperty>,
    },
    /// By a person; the program asks, waits, and verifies.
    Attended {
        /// What to do.
        question: Question,
    },
}

/// Which account a step is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountSource {
    /// This one.
    Named(AccountName),
    /// The one that the service logs on with now.
    OfService(ServiceName),
}

/// When the server is restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartWhen {
    /// In any case.
    Always,
    /// When the installer of that step said so.
    NeededBy(StepId),
}

/// What to do with a step that a crash left half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnPartial {
    /// Running it again completes it.
    Finish,
    /// A person decides.
    Ask,
}

/// One operation with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Operation {
    /// Waits until these services run and no installer does.
    AwaitReady {
        /// Services that must run.
        services: Vec<ServiceName>,
    },
    /// Checks the installer file.
    CheckPackage {
        /// What it must be.
        package: ExpectedPackage,
    },
    /// Reads a service's log-on account.
    ReadServiceAccount {
        /// The service.
        service: ServiceName,
    },
    /// Checks that a service logs on with this account.
    VerifyServiceAccount {
        /// The service.
        service: ServiceName,
        /// The account that it must be.
        account: AccountName,
    },
    /// Checks that an account is a plain user that never expires.
    CheckAccount {
        /// Which account.
        account: AccountSource,
    },
    /// Creates a standard user: disabled, then the password, then enabled and never expiring.
    CreateAccount {
        /// Its name.
        account: AccountName,
        /// Its password.
        password: SecretRef,
        /// Whether the program makes the password.
        generate: bool,
    },
    /// Resets an account's password in the directory.
    ResetPassword {
        /// Whose.
        account: AccountName,
        /// The new one.
        password: SecretRef,
        /// Whether the program makes the password.
        generate: bool,
    },
    /// Proves that name and password work.
    ProveCredentials {
        /// The account.
        account: AccountName,
        /// Its password.
        password: SecretRef,
    },
    /// Sets a service's log-on account.
    SetServiceLogOn {
        /// The service.
        service: ServiceName,
        /// The account.
        account: AccountName,
        /// Its password.
        password: SecretRef,
    },
    /// Copies a tree, with a manifest, and verifies the copy.
    BackUpTree {
        /// What is copied.
        source: ServerPath,
        /// Where to: a folder that this upgrade alone uses.
        target: ServerPath,
    },
    /// Takes in a file that a person exported.
    CollectExport {
        /// Where it must lie.
        file: ServerPath,
        /// What to do.
        question: Question,
    },
    /// Records the agents whose assembly lies under a folder.
    SnapshotAgents {
        /// The product's folder.
        folder: ServerPath,
    },
    /// Unregisters the agents of a snapshot.
    UnregisterAgents {
        /// The step that took it.
        snapshot: StepId,
    },
    /// Registers the agents of a snapshot again: enabled flag, order, scope.
    RegisterAgents {
        /// The step that took it.
        snapshot: StepId,
        /// Where moved assemblies are looked for.
        folder: ServerPath,
        /// The vendor's step that found the product's folder anew, where a new version may choose another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        located: Option<StepId>,
    },
    /// Checks that the agents are as in the snapshot, and loaded.
    VerifyAgents {
        /// The step that took it.
        snapshot: StepId,
    },
    /// Stops transport so that it stays stopped, after a restart as well.
    HoldMail {
        /// The transport service.
        service: ServiceName,
    },
    /// Lets transport run again as it was before the hold.
    ReleaseMail {
        /// The transport service.
        service: ServiceName,
        /// The step that held it.
        hold: StepId,
    },
    /// Stops a service.
    StopService {
        /// Which.
        service: ServiceName,
    },
    /// Starts a service.
    StartService {
        /// Which.
        service: ServiceName,
    },
    /// Stops and starts a service.
    RestartService {
        /// Which.
        service: ServiceName,
    },
    /// Closes the product's programs (its console), services left alone.
    CloseProgram {
        /// Programs under this folder.
        folder: ServerPath,
    },
    /// Runs an installer.
    RunInstaller {
        /// Which.
        package: ExpectedPackage,
        /// How.
        mode: InstallerMode,
        /// Where its log goes.
        log: ServerPath,
        /// Names by which the installed product is found.
        product: Vec<String>,
    },
    /// Removes an MSI product.
    Uninstall {
        /// Its product code.
        product_code: String,
        /// Names by which the installed product is found.
        product: Vec<String>,
        /// Properties with secret values (a settings password, say).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secrets: Vec<SecretProperty>,
        /// Where its log goes.
        log: ServerPath,
    },
    /// Restarts the server.
    Restart {
        /// When.
        when: RestartWhen,
    },
    /// Checks the installed version.
    VerifyVersion {
        /// Names by which the installed product is found.
        product: Vec<String>,
        /// The version it must be.
        version: Version,
    },
    /// Sends a message through transport.
    ProbeMail,
    /// Asks a person.
    Gate {
        /// What.
        question: Question,
    },
    /// Has a node of a cluster upgraded, by an upgrade of its own, and follows that to its end.
    UpgradeNode {
        /// What the node is given.
        order: NodeOrder,
        /// The version that it comes to.
        version: Version,
        /// Which part it has in its cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<NodeRole>,
    },
    /// Looks at all nodes of a cluster.
    CheckCluster {
        /// What each must be like.
        nodes: Vec<ExpectedNode>,
    },
    /// An operation of the vendor's own, with the same observe, apply and undo.
    Vendor {
        /// Its name, for the vendor crate.
        name: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        arguments: BTreeMap<String, String>,
        /// How it behaves.
        traits: VendorTraits,
    },
}

impl Operation {
    /// Its name in the vocabulary.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::AwaitReady { .. } => "await-ready",
            Self::CheckPackage { .. } => "check-package",
            Self::ReadServiceAccount { .. } => "read-service-account",
            Self::VerifyServiceAccount { .. } => "verify-service-account",
            Self::CheckAccount { .. } => "check-account",
            Self::CreateAccount { .. } => "create-account",
            Self::ResetPassword { .. } => "reset-password",
            Self::ProveCredentials { .. } => "prove-credentials",
            Self::SetServiceLogOn { .. } => "set-service-log-on",
            Self::BackUpTree { .. } => "back-up-tree",
            Self::CollectExport { .. } => "collect-export",
            Self::SnapshotAgents { .. } => "snapshot-agents",
            Self::UnregisterAgents { .. } => "unregister-agents",
            Self::RegisterAgents { .. } => "register-agents",
            Self::VerifyAgents { .. } => "verify-agents",
            Self::HoldMail { .. } => "hold-mail",
            Self::ReleaseMail { .. } => "release-mail",
            Self::StopService { .. } => "stop-service",
            Self::StartService { .. } => "start-service",
            Self::RestartService { .. } => "restart-service",
            Self::CloseProgram { .. } => "close-program",
            Self::RunInstaller { .. } => "run-installer",
            Self::Uninstall { .. } => "uninstall",
            Self::Restart { .. } => "restart",
            Self::VerifyVersion { .. } => "verify-version",
            Self::ProbeMail => "probe-mail",
            Self::Gate { .. } => "gate",
            Self::UpgradeNode { .. } => "upgrade-node",
            Self::CheckCluster { .. } => "check-cluster",
            Self::Vendor { .. } => "vendor",
        }
    }

    /// Whether it only looks or asks: after a crash it is simply done again.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Vendor { traits: VendorTraits { looks: true, .. }, .. }
                | Self::AwaitReady { .. }
                | Self::CheckPackage { .. }
                | Self::ReadServiceAccount { .. }
                | Self::VerifyServiceAccount { .. }
                | Self::CheckAccount { .. }
                | Self::ProveCredentials { .. }
                | Self::CollectExport { .. }
                | Self::SnapshotAgents { .. }
                | Self::VerifyAgents { .. }
                | Self::VerifyVersion { .. }
                | Self::ProbeMail
                | Self::CheckCluster { .. }
                | Self::Gate { .. }
        )
    }

    /// Whether it acts on other machines than the one that the program runs on.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.is_of_nodes()
            || matches!(self, Self::Vendor { traits: VendorTraits { elsewhere: true, .. }, .. })
    }

    /// Whether it proves that the new version is in place.
    #[must_use]
    pub fn proves_version(&self) -> bool {
        matches!(
            self,
            Self::VerifyVersion { .. }
                | Self::Vendor { traits: VendorTraits { proves_version: true, .. }, .. }
        )
    }

    /// Whether it is of a cluster's nodes, and not of this server.
    #[must_use]
    pub fn is_of_nodes(&self) -> bool {
        matches!(self, Self::UpgradeNode { .. } | Self::CheckCluster { .. })
    }

    /// Whether its effect goes on elsewhere once it is applied, and is followed to its end. Meanwhile nothing of it is
    /// done here, so a request need not wait for it.
    #[must_use]
    pub fn goes_on_elsewhere(&self) -> bool {
        matches!(self, Self::UpgradeNode { .. })
    }

    /// Whether a person answers a question before the operation verifies what was done.
    #[must_use]
    pub fn asks(&self) -> bool {
        matches!(self, Self::Vendor { traits: VendorTraits { asks: true, .. }, .. })
            || self.question().is_some()
    }

    /// The question, where the plan has it; a vendor's own operation makes it when the gate opens.
    #[must_use]
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::Gate { question }
            | Self::CollectExport { question, .. }
            | Self::RunInstaller { mode: InstallerMode::Attended { question }, .. } => Some(question),
            _ => None,
        }
    }

    /// Whether a person may have the upgrade go on without it when it fails. Not what mail, its scanning, or the
    /// product's log-on depend on: to go on without these would leave mail held or unscanned, or a service that
    /// cannot start.
    #[must_use]
    pub fn may_be_left_out(&self) -> bool {
        match self {
            Self::CheckPackage { .. }
            | Self::CheckAccount { .. }
            | Self::CreateAccount { .. }
            | Self::ResetPassword { .. }
            | Self::ProveCredentials { .. }
            | Self::SetServiceLogOn { .. }
            | Self::SnapshotAgents { .. }
            | Self::UnregisterAgents { .. }
            | Self::RegisterAgents { .. }
            | Self::HoldMail { .. }
            | Self::ReleaseMail { .. }
            | Self::RunInstaller { .. }
            | Self::UpgradeNode { .. }
            | Self::Uninstall { .. } => false,
            Self::StopService { service }
            | Self::StartService { service }
            | Self::RestartService { service } => !service.same(&ServiceName::transport()),
            Self::AwaitReady { .. }
            | Self::ReadServiceAccount { .. }
            | Self::VerifyServiceAccount { .. }
            | Self::BackUpTree { .. }
            | Self::CollectExport { .. }
            | Self::VerifyAgents { .. }
            | Self::CloseProgram { .. }
            | Self::Restart { .. }
            | Self::VerifyVersion { .. }
            | Self::ProbeMail
            | Self::CheckCluster { .. }
            | Self::Gate { .. } => true,
            Self::Vendor { traits, .. } => traits.may_be_left_out,
        }
    }

    /// What happens to the step when a crash left it half done.
    #[must_use]
    pub fn on_partial(&self) -> OnPartial {
        match self {
            // A half-run installer is nothing to guess about. An MSI resumes or rolls back its own transaction when
            // it runs next, so it may be run again.
            Self::RunInstaller { package, .. } if package.kind == PackageKind::Msi => OnPartial::Finish,
            Self::RunInstaller { .. } => OnPartial::Ask,
            Self::Vendor { traits, .. } => traits.on_partial,
            _ => OnPartial::Finish,
        }
    }

    /// The secrets it needs.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::CreateAccount { password, .. }
            | Self::ResetPassword { password, .. }
            | Self::ProveCredentials { password, .. }
            | Self::SetServiceLogOn { password, .. } => vec![password],
            Self::RunInstaller { mode: InstallerMode::Silent { secrets, .. }, .. }
            | Self::Uninstall { secrets, .. } => secrets.iter().map(|property| &property.secret).collect(),
            Self::Vendor { traits, .. } => traits.secrets.iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl Operation {
    /// Seconds it typically takes: an estimate for the plan's totals, from no source but experience with such steps.
    #[must_use]
    pub fn typical_secs(&self) -> u64 {
        match self {
            Self::RunInstaller { mode: InstallerMode::Attended { .. }, .. } => 600,
            Self::RunInstaller { .. } | Self::Uninstall { .. } => 180,
            Self::Restart { .. } => 300,
            Self::UpgradeNode { .. } => 1800,
            Self::AwaitReady { .. } => 60,
            Self::HoldMail { .. }
            | Self::ReleaseMail { .. }
            | Self::RestartService { .. }
            | Self::StartService { .. }
            | Self::StopService { .. } => 45,
            Self::UnregisterAgents { .. } | Self::RegisterAgents { .. } => 30,
            Self::Gate { .. } | Self::CollectExport { .. } => 300,
            Self::BackUpTree { .. } => 20,
            Self::Vendor { traits, .. } => traits.typical_secs,
            _ => 2,
        }
    }
}
