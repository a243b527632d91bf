//! What comes before anything is detached: survey, backup, accounts.

use super::{Maker, questions::export_question};
use crate::names;
use mailsec_core::{
    host::ServiceName,
    plan::{AccountSource, Operation, Phase, Step},
    product::{AccountChoice, BackupChoice, RulesChoice},
    values::ServerPath,
};

impl Maker<'_> {
    pub(super) fn survey(&self) -> Vec<Step> {
        let services = vec![ServiceName::transport(), self.manager.clone()];
        let mut steps = self.usual().survey(services, &self.package);
        steps.push(Step::new(
            "read-service-account",
            Phase::Survey,
            "Read the service's account",
            "the installer asks for the account of the plug-in manager",
            Operation::ReadServiceAccount { service: self.manager.clone() },
        ));
        steps
    }

    fn rules_file(&self) -> Option<ServerPath> {
        match &self.request.rules {
            RulesChoice::AsUsual => Some(ServerPath::new(names::RULES_EXPORT)),
            RulesChoice::Export(file) => Some(file.clone()),
            RulesChoice::Skip(_) => None,
        }
    }

    pub(super) fn back_up(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if let BackupChoice::To(base) = &self.request.backup {
            steps.push(
                Step::new(
                    "back-up-settings",
                    Phase::BackUp,
                    "Back up the settings",
                    "the vendor recommends it highly; policies and lists live there",
                    Operation::BackUpTree {
                        source: names::settings(&self.installation.folder),
                        target: base.join(&format!(
                            "vipre-{}-{}",
                            self.installation.version,
                            self.made.compact()
                        )),
                    },
                )
                .within(1800)
                .kept("a backup does no harm"),
            );
        }
        if let Some(file) = self.rules_file() {
            steps.push(
                Step::new(
                    "export-rules",
                    Phase::BackUp,
                    "Export the custom rules",
                    "custom rules are not part of the settings folder; the vendor has them exported separately",
                    Operation::CollectExport { question: export_question(&file), file },
                )
                .within(86_400),
            );
        }
        steps
    }

    pub(super) fn prepare(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let named = AccountSource::Named(self.account.clone());
        let check = |id: &str| {
            Step::new(
                id,
                Phase::Prepare,
                "Check the service account",
                "Exchange denies impersonation to members of administrator groups, nested and primary ones included",
                Operation::CheckAccount { account: named.clone() },
            )
        };
        match &self.request.account {
            AccountChoice::Create { generate, .. } => {
                steps.push(Step::new(
                    "create-account",
                    Phase::Prepare,
                    "Create the service account",
                    "the present one must not be used on, and the installer asks for one",
                    Operation::CreateAccount {
                        account: self.account.clone(),
                        password: self.password.clone(),
                        generate: *generate,
                    },
                ));
                steps.push(check("check-account"));
            }
            AccountChoice::Reset { generate } => {
                steps.push(check("check-account"));
                steps.push(Step::new(
                    "reset-password",
                    Phase::Prepare,
                    "Reset the service account's password",
                    "nobody knows the present one, and the installer asks for it",
                    Operation::ResetPassword {
                        account: self.account.clone(),
                        password: self.password.clone(),
                        generate: *generate,
                    },
                ));
            }
            AccountChoice::Keep | AccountChoice::Use(_) => steps.push(check("check-account")),
        }
        steps.push(Step::new(
            "prove-credentials",
            Phase::Prepare,
            "Prove the credentials",
            "\"do not proceed until credentials are ready\": a wrong password would stop the installer half way",
            Operation::ProveCredentials { account: self.account.clone(), password: self.password.clone() },
        ));
        if self.request.account != AccountChoice::Keep {
            steps.push(Step::new(
                "set-service-account",
                Phase::Prepare,
                "Set the service's account",
                "the service logs on with it from its next start on",
                Operation::SetServiceLogOn {
                    service: self.manager.clone(),
                    account: self.account.clone(),
                    password: self.password.clone(),
                },
            ));
            steps.push(
                Step::new(
                    "restart-plugin-manager",
                    Phase::Prepare,
                    "Restart the plug-in manager",
                    "a log-on account takes effect at the next start, and shows there whether it works",
                    Operation::RestartService { service: self.manager.clone() },
                )
                .within(600),
            );
        }
        steps.push(self.usual().snapshot());
        steps
    }
}
