//! Detach, replace, attach, verify.

use super::Maker;
use mailsec_core::{
    plan::{Operation, Phase, RestartWhen, Retry, Step},
    values::StepId,
};

impl Maker<'_> {
    pub(super) fn detach(&self) -> Vec<Step> {
        let mut steps = self.usual().detach();
        let close = Step::new(
            "close-console",
            Phase::Detach,
            "Close the product's console",
            "it holds files that the installer replaces",
            Operation::CloseProgram { folder: self.installation.folder.clone() },
        );
        steps.push(close.kept("it can be opened again at any time"));
        steps
    }

    pub(super) fn replace(&self) -> Vec<Step> {
        let mut install = Step::new(
            "run-installer",
            Phase::Replace,
            "Run the installer",
            "this is the upgrade itself",
            Operation::RunInstaller {
                package: self.package.clone(),
                mode: self.mode(),
                log: self.request.logs.join(&format!("install-vipre-{}.log", self.to)),
                product: self.product.clone(),
            },
        )
        .within(3600);
        install.retry = Retry { attempts: 5, wait_secs: 30 };
        install.no_return = true;
        let mut steps = vec![
            install,
            Step::new(
                "restart-server",
                Phase::Reboot,
                "Restart the server if the installer asks for it",
                "files in use are replaced at a restart",
                Operation::Restart { when: RestartWhen::NeededBy(StepId::new("run-installer")) },
            )
            .within(1200),
        ];
        steps.extend(self.usual().installed(&self.to));
        steps.push(Step::new(
            "start-plugin-manager",
            Phase::Restore,
            "See that the plug-in manager runs",
            "the agents need it, so it comes before them",
            Operation::StartService { service: self.manager.clone() },
        ));
        steps.push(Step::new(
            "verify-service-account",
            Phase::Restore,
            "Verify the service's account",
            "the installer offers to change the account; the service must run with the one that was checked",
            Operation::VerifyServiceAccount { service: self.manager.clone(), account: self.account.clone() },
        ));
        steps
    }
}
