//! Steps that the plans of all products have, in the same words.

use super::{ExpectedPackage, MailState, Operation, Phase, Retry, Step, UnscannedPolicy};
use crate::{
    host::ServiceName,
    values::{ServerPath, StepId, Version},
};

/// What such steps are about.
#[derive(Clone, Copy, Debug)]
pub struct Usual<'a> {
    /// The product's folder.
    pub folder: &'a ServerPath,
    /// The vendor's step that finds its folder anew after the installation.
    pub located: Option<&'a str>,
    /// Names by which the installed product is found.
    pub product: &'a [String],
    /// Mail while the agents are detached.
    pub unscanned: UnscannedPolicy,
    /// Whether scanning is proven at the end.
    pub prove: bool,
}

impl Usual<'_> {
    /// The server is ready, the installer is the right one.
    #[must_use]
    pub fn survey(&self, services: Vec<ServiceName>, package: &ExpectedPackage) -> Vec<Step> {
        vec![
            Step::new(
                "await-ready",
                Phase::Survey,
                "See that the server is ready",
                "an upgrade on a server that is busy or half down cannot be judged afterwards",
                Operation::AwaitReady { services },
            ),
            Step::new(
                "check-installer",
                Phase::Survey,
                "Check the installer",
                "the wrong file is found out before anything is detached, not after",
                Operation::CheckPackage { package: package.clone() },
            ),
        ]
    }

    /// The agents are recorded.
    #[must_use]
    pub fn snapshot(&self) -> Step {
        Step::new(
            "snapshot-agents",
            Phase::Prepare,
            "Record the transport agents",
            "an installation registers agents disabled and last; they are restored from this record",
            Operation::SnapshotAgents { folder: self.folder.clone() },
        )
    }

    /// Mail is held, or let through; the agents are unregistered.
    #[must_use]
    pub fn detach(&self) -> Vec<Step> {
        let unregister = Step::new(
            "unregister-agents",
            Phase::Detach,
            "Unregister the transport agents",
            "transport holds their files, and would not start if they changed under it",
            Operation::UnregisterAgents { snapshot: StepId::new("snapshot-agents") },
        );
        match self.unscanned {
            UnscannedPolicy::Hold => vec![
                Step::new(
                    "hold-mail",
                    Phase::Detach,
                    "Hold mail",
                    "no mail is let through unscanned; senders keep it and try again",
                    Operation::HoldMail { service: ServiceName::transport() },
                )
                .within(900)
                .touching_mail(MailState::HELD, MailState::HELD, 45),
                unregister,
            ],
            UnscannedPolicy::Allow => vec![
                unregister,
                Step::new(
                    "restart-transport-detached",
                    Phase::Detach,
                    "Restart Microsoft Exchange Transport",
                    "only a restart makes it let go of the agents; mail is interrupted briefly, then flows unscanned",
                    Operation::RestartService { service: ServiceName::transport() },
                )
                .within(900)
                .touching_mail(MailState::DOWN, MailState::UNSCANNED, 45),
            ],
        }
    }

    /// The agents are registered as they were, and transport loads them.
    #[must_use]
    pub fn attach(&self) -> Vec<Step> {
        let register = Step::new(
            "register-agents",
            Phase::Attach,
            "Register the transport agents",
            "enabled, in their place and scope, as they were recorded; every assembly must exist",
            Operation::RegisterAgents {
                snapshot: StepId::new("snapshot-agents"),
                folder: self.folder.clone(),
                located: self.located.map(StepId::new),
            },
        )
        .within(600);
        let run = match self.unscanned {
            UnscannedPolicy::Hold => Step::new(
                "release-mail",
                Phase::Attach,
                "Release mail",
                "transport loads the agents at its start; what senders kept comes in",
                Operation::ReleaseMail { service: ServiceName::transport(), hold: StepId::new("hold-mail") },
            )
            .within(900)
            .touching_mail(MailState::HELD, MailState::GOOD, 45),
            UnscannedPolicy::Allow => Step::new(
                "restart-transport-attached",
                Phase::Attach,
                "Restart Microsoft Exchange Transport",
                "it loads the agents at its start; mail is interrupted briefly",
                Operation::RestartService { service: ServiceName::transport() },
            )
            .within(900)
            .touching_mail(MailState::DOWN, MailState::GOOD, 45),
        };
        vec![register, run]
    }

    /// No installer runs any more, and the new version is there.
    #[must_use]
    pub fn installed(&self, version: &Version) -> Vec<Step> {
        // No service is waited for: transport must not run while mail is held, and the product's own are started by
        // steps of their own, where an installer left them stopped.
        vec![
            Step::new(
                "await-ready-again",
                Phase::Restore,
                "Wait until no installer runs",
                "an installer may go on working after it answered, or after a restart",
                Operation::AwaitReady { services: Vec::new() },
            )
            .within(1200),
            self.version(
                "verify-version",
                Phase::Restore,
                version,
                "agents are attached to the new version only",
            ),
        ]
    }

    /// Agents, mail and version are as promised.
    #[must_use]
    pub fn verify(&self, version: &Version) -> Vec<Step> {
        let mut probe = Step::new(
            "probe-mail",
            Phase::Verify,
            "Send a message through transport",
            "a service that runs is not yet mail that flows",
            Operation::ProbeMail,
        );
        probe.retry = Retry { attempts: 6, wait_secs: 10 };
        let mut steps = vec![
            Step::new(
                "verify-agents",
                Phase::Verify,
                "Verify the transport agents",
                "registered is not loaded: transport must have started after the registration",
                Operation::VerifyAgents { snapshot: StepId::new("register-agents") },
            ),
            probe,
        ];
        steps.extend(self.prove.then(prove_scanning));
        steps.push(self.version(
            "verify-version-at-end",
            Phase::Verify,
            version,
            "\"the latest version should now be running\"",
        ));
        steps
    }

    fn version(&self, id: &str, phase: Phase, version: &Version, reason: &str) -> Step {
        let title =
            if phase == Phase::Verify { "Verify the version once more" } else { "Verify the version" };
        let product = self.product.to_vec();
        Step::new(id, phase, title, reason, Operation::VerifyVersion { product, version: version.clone() })
    }
}

fn prove_scanning() -> Step {
    let mut step = Step::new(
        "prove-scanning",
        Phase::Verify,
        "Prove that mail is scanned",
        "agents that are loaded are not yet mail that is looked into; a file that must not arrive shows it",
        Operation::ProveScanning,
    )
    .within(600);
    step.retry = Retry { attempts: 3, wait_secs: 30 };
    step
}
