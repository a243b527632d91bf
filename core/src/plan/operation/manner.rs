//! How each operation behaves: what lint, explanation, recovery and engine know of it without running it.

use super::{InstallerMode, OnPartial, Operation};
use crate::{
    host::{PackageKind, ServiceName},
    plan::{Question, VendorTraits},
    values::SecretRef,
};

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
            Self::ProveScanning => "prove-scanning",
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
                | Self::ProveScanning
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
            | Self::ProveScanning
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
            Self::AwaitReady { .. } | Self::ProveScanning => 60,
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
