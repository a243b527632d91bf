//! What a step means to the person who lets it run, and what becomes of it when the power fails.

use super::{OnPartial, Operation, Step, Undo};
use serde::Serialize;

/// A step, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it does.
    pub what: String,
    /// Why it is there.
    pub why: String,
    /// What it does to mail.
    pub mail: String,
    /// When power fails before it ran.
    pub power_before: String,
    /// When power fails while it runs.
    pub power_during: String,
    /// When power fails after it ran.
    pub power_after: String,
    /// How it is taken back.
    pub undo: String,
}

/// Explains a step.
#[must_use]
pub fn explain(step: &Step) -> Explanation {
    let op = &step.operation;
    Explanation {
        what: what(op),
        why: step.reason.clone(),
        mail: step.mail.map_or_else(
            || match op {
                Operation::UpgradeNode { .. } => "as the node's own plan says".to_owned(),
                _ if op.is_elsewhere() => "not watched from here".to_owned(),
                _ => "none".to_owned(),
            },
            |impact| {
                format!(
                    "{} for about {} s (limit {} s), then {}",
                    impact.during, impact.typical_secs, impact.limit_secs, impact.after
                )
            },
        ),
        power_before: "it has not begun; it runs when the upgrade is taken up again".to_owned(),
        power_during: during(op),
        power_after: if op.only_looks() {
            "its result is journaled, or it looks once more".to_owned()
        } else {
            "its effect is found on the server and recorded; it does not run twice".to_owned()
        },
        undo: undo(step),
    }
}

fn during(op: &Operation) -> String {
    if matches!(op, Operation::Restart { .. }) {
        return "another boot identity proves that the restart happened; the same one, that it did not: it is asked \
                for again"
            .to_owned();
    }
    if op.asks() {
        return "the question stays open and is asked again; what was done meanwhile is verified".to_owned();
    }
    if op.only_looks() {
        return "it only looks; it looks again".to_owned();
    }
    if op.goes_on_elsewhere() {
        return "the node goes on by itself; its journal is looked at, and followed again".to_owned();
    }
    match op.on_partial() {
        OnPartial::Finish => {
            "the server is asked what is there: a whole effect is recorded, a part of it is completed"
                .to_owned()
        }
        OnPartial::Ask => "the server is asked what is there; if only a part is, a person decides".to_owned(),
    }
}

fn undo(step: &Step) -> String {
    let text = match &step.undo {
        Undo::Reverse => match &step.operation {
            Operation::RunInstaller { .. } => "not by the program once the new version is in place",
            Operation::SetServiceLogOn { .. } => {
                "the former account is set again if its password is known, else asked for"
            }
            _ => "from the state that was saved before it ran",
        }
        .to_owned(),
        Undo::Nothing => "nothing to take back".to_owned(),
        Undo::Keep(why) => format!("kept: {why}"),
    };
    if step.no_return { format!("{text}; from here on the upgrade only goes forward") } else { text }
}

fn what(op: &Operation) -> String {
    match op {
        Operation::AwaitReady { services } if services.is_empty() => "waits until no installer runs".to_owned(),
        Operation::AwaitReady { services } => {
            let names: Vec<&str> = services.iter().map(|service| service.as_str()).collect();
            format!("waits until no installer runs and these services do: {}", names.join(", "))
        }
        Operation::CheckPackage { package } => format!(
            "checks {}: product {}, version {}, digest {}, signer {}",
            package.path,
            package.product.join(" or "),
            package.version,
            package.digest.short(),
            package.signer.as_deref().unwrap_or("not asked for")
        ),
        Operation::ReadServiceAccount { service } => format!("reads the log-on account of the service {service}"),
        Operation::VerifyServiceAccount { service, account } => {
            format!("checks that the service {service} logs on as {account}")
        }
        Operation::CheckAccount { .. } => {
            "checks that the account is a plain user (nested and primary groups count), enabled, and never expires"
                .to_owned()
        }
        Operation::CreateAccount { account, .. } => {
            format!("creates {account} disabled, sets its password, enables it, never expiring, and reads all of it back")
        }
        Operation::ResetPassword { account, .. } => format!("resets the password of {account} in the directory"),
        Operation::ProveCredentials { account, .. } => format!("logs on as {account} with the password given"),
        Operation::SetServiceLogOn { service, account, .. } => format!("lets the service {service} log on as {account}"),
        Operation::BackUpTree { source, target } => {
            format!("copies {source} to {target}, with a manifest of path, size and digest, and verifies the copy")
        }
        Operation::CollectExport { file, .. } => {
            format!("asks for the exported file {file} and checks that it is new and not empty")
        }
        Operation::SnapshotAgents { folder } => {
            format!("records the transport agents whose assembly lies under {folder}: enabled, order, scope")
        }
        Operation::UnregisterAgents { .. } => "unregisters the recorded transport agents".to_owned(),
        Operation::RegisterAgents { .. } => {
            "registers the recorded agents again, each at its place and enabled as it was; every assembly must exist"
                .to_owned()
        }
        Operation::VerifyAgents { .. } => {
            "checks that the agents are as recorded and that transport started after that".to_owned()
        }
        Operation::HoldMail { service } => {
            format!("sets {service} not to start by itself, then stops it: mail waits, after a restart as well")
        }
        Operation::ReleaseMail { service, .. } => format!("sets {service} to start as before, and starts it"),
        Operation::StopService { service } => format!("stops {service}"),
        Operation::StartService { service } => format!("starts {service}"),
        Operation::RestartService { service } => format!("stops and starts {service}"),
        Operation::CloseProgram { folder } => format!("closes programs that run from {folder}, services left alone"),
        Operation::RunInstaller { package, mode, log, .. } => match mode {
            super::InstallerMode::Silent { .. } => {
                format!("runs {} without a window; its log goes to {log}", package.path)
            }
            super::InstallerMode::Attended { .. } => {
                format!("asks a person to run {}, and verifies the version then", package.path)
            }
        },
        Operation::Uninstall { product_code, .. } => format!("removes the product {product_code}"),
        Operation::Restart { when } => match when {
            super::RestartWhen::Always => "restarts the server".to_owned(),
            super::RestartWhen::NeededBy(step) => format!("restarts the server if {step} asked for it"),
        },
        Operation::VerifyVersion { version, .. } => format!("checks that version {version} is installed"),
        Operation::ProbeMail => "sends a message through the transport service".to_owned(),
        Operation::ProveScanning => {
            "sends a clean message and the harmless test file to a mailbox, and looks there for what became of both"
                .to_owned()
        }
        Operation::Gate { question } => format!("asks: {}", question.title),
        Operation::UpgradeNode { order, version, .. } => format!(
            "gives {} its plan {} and follows its own upgrade {} to its end, version {version}",
            order.node,
            order.plan.short(),
            order.upgrade
        ),
        Operation::CheckCluster { nodes } => {
            let list: Vec<String> = nodes.iter().map(|node| format!("{} {}", node.node, node.version)).collect();
            format!("has every node look at its version, services and agents: {}", list.join(", "))
        }
        Operation::Vendor { traits, .. } => traits.what.clone(),
    }
}
