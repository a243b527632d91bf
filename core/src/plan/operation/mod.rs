//! The closed vocabulary of operations. Core alone executes them (`operations/`), so their behaviour in a crash is
//! proven once for every vendor.

mod arguments;
mod manner;

pub use arguments::{AccountSource, ExpectedPackage, InstallerMode, OnPartial, RestartWhen, SecretProperty};

use super::{ExpectedNode, NodeRole, Question, VendorTraits};
use crate::{
    host::{NodeOrder, ServiceName},
    values::{AccountName, SecretRef, ServerPath, StepId, Version},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One operation with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Proves that mail is scanned: a clean message, one with the test file, and what became of both.
    ProveScanning,
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
