//! What comes before anything is detached: survey, backup, accounts.

use super::{
    Maker,
    questions::export_question,
    step::{Change, step},
};
use crate::names;
use mailsec_core::{
    host::ServiceName,
    plan::{AccountSource, Operation, Phase, Step},
    product::{AccountChoice, BackupChoice, RulesChoice},
};

impl Maker<'_> {
    pub(super) fn survey(&self) -> Vec<Step> {
        let services = vec![ServiceName::transport(), self.manager.clone()];
        vec![
            step(
                "await-ready",
                Phase::Survey,
                "See that the server is ready",
                "an upgrade on a server that is busy or half down cannot be judged afterwards",
                Operation::AwaitReady { services },
            ),
            step(
                "check-installer",
                Phase::Survey,
                "Check the installer",
                "the wrong file is found out before anything is detached, not after",
                Operation::CheckPackage { package: self.package.clone() },
            ),
            step(
                "read-service-account",
                Phase::Survey,
                "Read the service's account",
                "the installer asks for the account of the plug-in manager",
                Operation::ReadServiceAccount { service: self.manager.clone() },
            ),
        ]
    }

    pub(super) fn back_up(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if let BackupChoice::To(base) = &self.request.backup {
            let stamp: String = self.made.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
            steps.push(
                step(
                    "back-up-settings",
                    Phase::BackUp,
                    "Back up the settings",
                    "the vendor recommends it highly; policies and lists live there",
                    Operation::BackUpTree {
                        source: names::settings(&self.installation.folder),
                        target: base.join(&format!("vipre-{}-{stamp}", self.installation.version)),
                    },
                )
                .limit(1800)
                .keep("a backup does no harm"),
            );
        }
        if let RulesChoice::Export(file) = &self.request.rules {
            steps.push(
                step(
                    "export-rules",
                    Phase::BackUp,
                    "Export the custom rules",
                    "custom rules are not part of the settings folder; the vendor has them exported separately",
                    Operation::CollectExport { file: file.clone(), question: export_question(file) },
                )
                .limit(86_400),
            );
        }
        steps
    }

    pub(super) fn prepare(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let named = AccountSource::Named(self.account.clone());
        let check = |id: &str| {
            step(
                id,
                Phase::Prepare,
                "Check the service account",
                "Exchange denies impersonation to members of administrator groups, nested and primary ones included",
                Operation::CheckAccount { account: named.clone() },
            )
        };
        match &self.request.account {
            AccountChoice::Create { generate, .. } => {
                steps.push(step(
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
                steps.push(step(
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
        steps.push(step(
            "prove-credentials",
            Phase::Prepare,
            "Prove the credentials",
            "\"do not proceed until credentials are ready\": a wrong password would stop the installer half way",
            Operation::ProveCredentials { account: self.account.clone(), password: self.password.clone() },
        ));
        if self.request.account != AccountChoice::Keep {
            steps.push(step(
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
                step(
                    "restart-plugin-manager",
                    Phase::Prepare,
                    "Restart the plug-in manager",
                    "a log-on account takes effect at the next start, and shows there whether it works",
                    Operation::RestartService { service: self.manager.clone() },
                )
                .limit(600),
            );
        }
        steps.push(step(
            "snapshot-agents",
            Phase::Prepare,
            "Record the transport agents",
            "an installation registers agents disabled and last; they are restored from this record",
            Operation::SnapshotAgents { folder: self.installation.folder.clone() },
        ));
        steps
    }
}
