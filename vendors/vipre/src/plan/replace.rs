//! Detach, replace, attach, verify.

use super::{
    Maker,
    step::{Change, step},
};
use crate::names;
use mailsec_core::{
    host::ServiceName,
    plan::{MailState, Operation, Phase, RestartWhen, Retry, Step, UnscannedPolicy},
    values::StepId,
};

impl Maker<'_> {
    pub(super) fn detach(&self) -> Vec<Step> {
        let unregister = step(
            "unregister-agents",
            Phase::Detach,
            "Unregister the transport agents",
            "transport holds their files, and would not start if they changed under it",
            Operation::UnregisterAgents { snapshot: StepId::new("snapshot-agents") },
        );
        let close = step(
            "close-console",
            Phase::Detach,
            "Close the product's console",
            "it holds files that the installer replaces",
            Operation::CloseProgram { folder: self.installation.folder.clone() },
        )
        .keep("it can be opened again at any time");
        match self.request.unscanned {
            UnscannedPolicy::Hold => vec![
                step(
                    "hold-mail",
                    Phase::Detach,
                    "Hold mail",
                    "no mail is let through unscanned; senders keep it and try again",
                    Operation::HoldMail { service: ServiceName::transport() },
                )
                .limit(900)
                .mail(MailState::HELD, MailState::HELD, 45),
                unregister,
                close,
            ],
            UnscannedPolicy::Allow => vec![
                unregister,
                step(
                    "restart-transport-detached",
                    Phase::Detach,
                    "Restart Microsoft Exchange Transport",
                    "only a restart makes it let go of the agents; mail is interrupted briefly, then flows unscanned",
                    Operation::RestartService { service: ServiceName::transport() },
                )
                .limit(900)
                .mail(MailState::DOWN, MailState::UNSCANNED, 45),
                close,
            ],
        }
    }

    pub(super) fn replace(&self) -> Vec<Step> {
        let mut install = step(
            "run-installer",
            Phase::Replace,
            "Run the installer",
            "this is the upgrade itself",
            Operation::RunInstaller {
                package: self.package.clone(),
                mode: self.mode(),
                log: self.request.logs.join(&format!("install-vipre-{}.log", self.to)),
                product: vec![names::COMMON.to_owned()],
            },
        )
        .limit(3600);
        install.retry = Retry { attempts: 5, wait_secs: 30 };
        install.no_return = true;
        vec![
            install,
            step(
                "restart-server",
                Phase::Reboot,
                "Restart the server if the installer asks for it",
                "files in use are replaced at a restart",
                Operation::Restart { when: RestartWhen::NeededBy(StepId::new("run-installer")) },
            )
            .limit(1200),
            // No service is waited for: transport must not run while mail is held, and the plug-in manager is started
            // below, where an installer left it stopped.
            step(
                "await-ready-again",
                Phase::Restore,
                "Wait until no installer runs",
                "an installer may go on working after it answered, or after a restart",
                Operation::AwaitReady { services: Vec::new() },
            )
            .limit(1200),
            step(
                "verify-version",
                Phase::Restore,
                "Verify the version",
                "agents are attached to the new version only",
                Operation::VerifyVersion {
                    product: vec![names::COMMON.to_owned()],
                    version: self.to.clone(),
                },
            ),
            step(
                "start-plugin-manager",
                Phase::Restore,
                "See that the plug-in manager runs",
                "the agents need it, so it comes before them",
                Operation::StartService { service: self.manager.clone() },
            ),
            step(
                "verify-service-account",
                Phase::Restore,
                "Verify the service's account",
                "the installer offers to change the account; the service must run with the one that was checked",
                Operation::VerifyServiceAccount {
                    service: self.manager.clone(),
                    account: self.account.clone(),
                },
            ),
        ]
    }

    pub(super) fn attach(&self) -> Vec<Step> {
        let register = step(
            "register-agents",
            Phase::Attach,
            "Register the transport agents",
            "enabled, in their place and scope, as they were recorded; every assembly must exist",
            Operation::RegisterAgents {
                snapshot: StepId::new("snapshot-agents"),
                folder: self.installation.folder.clone(),
            },
        )
        .limit(600);
        let run = match self.request.unscanned {
            UnscannedPolicy::Hold => step(
                "release-mail",
                Phase::Attach,
                "Release mail",
                "transport loads the agents at its start; what senders kept comes in",
                Operation::ReleaseMail { service: ServiceName::transport(), hold: StepId::new("hold-mail") },
            )
            .limit(900)
            .mail(MailState::HELD, MailState::GOOD, 45),
            UnscannedPolicy::Allow => step(
                "restart-transport-attached",
                Phase::Attach,
                "Restart Microsoft Exchange Transport",
                "it loads the agents at its start; mail is interrupted briefly",
                Operation::RestartService { service: ServiceName::transport() },
            )
            .limit(900)
            .mail(MailState::DOWN, MailState::GOOD, 45),
        };
        vec![register, run]
    }

    pub(super) fn verify(&self) -> Vec<Step> {
        let mut probe = step(
            "probe-mail",
            Phase::Verify,
            "Send a message through transport",
            "a service that runs is not yet mail that flows",
            Operation::ProbeMail,
        );
        probe.retry = Retry { attempts: 6, wait_secs: 10 };
        vec![
            step(
                "verify-agents",
                Phase::Verify,
                "Verify the transport agents",
                "registered is not loaded: transport must have started after the registration",
                Operation::VerifyAgents { snapshot: StepId::new("snapshot-agents") },
            ),
            probe,
            step(
                "verify-version-at-end",
                Phase::Verify,
                "Verify the version once more",
                "\"the latest version should now be running\"",
                Operation::VerifyVersion {
                    product: vec![names::COMMON.to_owned()],
                    version: self.to.clone(),
                },
            ),
        ]
    }
}
