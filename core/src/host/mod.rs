//! The ports: everything of the server that operations see and change, one file each.
//!
//! Methods that change the server take a [`Permit`](crate::Permit). Reads are free: they may be repeated at any
//! time and change nothing. The Windows host and the simulated host implement the same ports and pass the same
//! contract tests.

mod clock;
mod directory;
mod elsewhere;
mod files;
mod mail;
mod nodes;
mod packages;
mod pickup;
mod power;
mod process;
mod registry;
mod secrets;
mod services;
mod transport;

pub use clock::Clock;
pub use directory::{Account, Credentials, Directory, Membership, PasswordExpiry, Rank};
pub use elsewhere::Elsewhere;
pub use files::{FileKind, FileStat, Files, TreeEntry};
pub use mail::{Mail, ProbeReport, ProbeVerdict};
pub use nodes::{NodeFacts, NodeGate, NodeOrder, NodeProgress, NodeStanding, Nodes};
pub use packages::{
    InstallRequest, InstalledPackage, InstallerOutcome, PackageFile, PackageKind, Packages, Signature,
    UninstallRequest, exit_code_in,
};
pub use pickup::{AT_ONCE, Arrived, NoPickup, Pickup, no_mailbox};
pub use power::{BootIdentity, PendingRestart, PendingWeight, Power};
pub use process::{ProcessInfo, Processes, ToolExit, ToolRun};
pub use registry::{Registry, RegistryView};
pub use secrets::Secrets;
pub use services::{Service, ServiceName, ServiceState, Services, StartMode};
pub use transport::{Agent, AgentId, ExchangeServer, QueueDepth, Transport, TransportService};

#[cfg(feature = "testing")]
pub use {
    clock::MockClock, directory::MockDirectory, files::MockFiles, mail::MockMail, nodes::MockNodes,
    packages::MockPackages, pickup::MockPickup, power::MockPower, process::MockProcesses,
    registry::MockRegistry, secrets::MockSecrets, services::MockServices, transport::MockTransport,
};

/// What every port method answers.
pub type Answer<T> = Result<T, crate::failure::Failure>;

/// One mail server, seen through its ports.
pub trait Host: Send + Sync {
    /// The server's name, as plans and reports show it.
    fn name(&self) -> String;
    /// Services of the service manager.
    fn services(&self) -> &dyn Services;
    /// Exchange's transport agents and queues.
    fn transport(&self) -> &dyn Transport;
    /// Installed packages and installers.
    fn packages(&self) -> &dyn Packages;
    /// Files and folders.
    fn files(&self) -> &dyn Files;
    /// The registry, read only.
    fn registry(&self) -> &dyn Registry;
    /// The directory (Active Directory).
    fn directory(&self) -> &dyn Directory;
    /// Boots and restarts.
    fn power(&self) -> &dyn Power;
    /// Proof that mail flows.
    fn mail(&self) -> &dyn Mail;
    /// Where probes arrive, if a mailbox was named.
    fn pickup(&self) -> &dyn Pickup {
        &NoPickup
    }
    /// Running programs.
    fn processes(&self) -> &dyn Processes;
    /// Passwords, by reference.
    fn secrets(&self) -> &dyn Secrets;
    /// Time.
    fn clock(&self) -> &dyn Clock;
}
