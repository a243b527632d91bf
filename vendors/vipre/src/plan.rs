//! The steps, in the order of the vendor's article, with what the article leaves to luck made explicit.

use crate::{assess, detect::plugin_manager, names, service_account};
use mailsec_core::{
    Failure,
    failure::Code,
    host::{ServiceName, Signature},
    plan::{
        AccountSource, Choices, ExpectedPackage, InstallerMode, Limits, MailBudget, MailImpact, MailState,
        Naming, Operation, Phase, Plan, PlanFormat, Question, RestartWhen, Retry, SecretProperty, Step, Undo,
        UnscannedPolicy,
    },
    product::{
        AccountChoice, BackupChoice, FactQuery, Facts, Installation, InstallerChoice, RulesChoice,
        UpgradeRequest,
    },
    values::{AccountName, SecretRef, ServerPath, StepId, Timestamp, Version},
};

pub(crate) fn plan(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    made: Timestamp,
    engine: &str,
) -> Result<Plan, Failure> {
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let to = assess::version(file.version.as_deref())?;
    let manager = plugin_manager(installation).ok_or_else(|| {
        Failure::new(Code::ServiceNotFound, "the product's service is not there")
            .expected(names::PLUGIN_MANAGER)
    })?;
    let account = match &request.account {
        AccountChoice::Use(account) | AccountChoice::Create { account, .. } => account.clone(),
        AccountChoice::Keep | AccountChoice::Reset { .. } => {
            service_account(installation).ok_or_else(|| {
                Failure::new(Code::AccountForm, "the service's account is not of a domain")
                    .expected(r"DOMAIN\user")
                    .found(&manager.account)
            })?
        }
    };
    let maker = Maker {
        installation,
        request,
        package: ExpectedPackage {
            path: request.installer.clone(),
            kind: file.kind,
            product: vec![names::COMMON.to_owned()],
            version: to.clone(),
            digest: file.digest,
            signer: match &file.signature {
                Signature::Valid(by) => Some(by.clone()),
                _ => None,
            },
        },
        manager: manager.name.clone(),
        account,
        password: SecretRef::new(names::SERVICE_PASSWORD),
        to: to.clone(),
        made,
    };
    let mut plan = Plan {
        format: PlanFormat::CURRENT,
        server: facts.server.clone(),
        product: "vipre".to_owned(),
        naming: Naming {
            before: names::name_of(&installation.version).to_owned(),
            after: names::name_of(&to).to_owned(),
        },
        from: installation.version.clone(),
        to,
        made,
        engine: engine.to_owned(),
        facts: facts.digest(),
        choices: Choices { unscanned: request.unscanned, left_out: maker.left_out() },
        budget: MailBudget { stopped_secs: u64::MAX, unscanned_secs: u64::MAX },
        limits: Limits::default(),
        scanners: installation
            .agents
            .iter()
            .filter(|agent| agent.enabled)
            .map(|agent| agent.id.clone())
            .collect(),
        steps: maker.steps(),
    };
    plan.budget = request.budget.unwrap_or_else(|| budget(&plan));
    Ok(plan)
}

/// Three times what the steps typically take, and ten minutes.
fn budget(plan: &Plan) -> MailBudget {
    let (stopped, unscanned) = plan.typical_mail();
    let room = |secs: u64| if secs == 0 { 0 } else { secs * 3 + 600 };
    MailBudget { stopped_secs: room(stopped), unscanned_secs: room(unscanned) }
}

struct Maker<'a> {
    installation: &'a Installation,
    request: &'a UpgradeRequest,
    package: ExpectedPackage,
    manager: ServiceName,
    account: AccountName,
    password: SecretRef,
    to: Version,
    made: Timestamp,
}

fn step(id: &str, phase: Phase, title: &str, reason: &str, operation: Operation) -> Step {
    let undo = if operation.only_looks() || matches!(operation, Operation::Restart { .. }) {
        Undo::Nothing
    } else {
        Undo::Reverse
    };
    Step {
        id: StepId::new(id),
        phase,
        title: title.to_owned(),
        reason: reason.to_owned(),
        operation,
        mail: None,
        retry: Retry { attempts: 3, wait_secs: 5 },
        limit_secs: 300,
        undo,
        no_return: false,
    }
}

/// A change of a step while it is being written down.
trait Change: Sized {
    fn mail(self, during: MailState, after: MailState, typical_secs: u64) -> Self;
    fn limit(self, secs: u64) -> Self;
    fn keep(self, why: &str) -> Self;
}

impl Change for Step {
    fn mail(mut self, during: MailState, after: MailState, typical_secs: u64) -> Self {
        self.mail = Some(MailImpact { during, after, typical_secs, limit_secs: self.limit_secs });
        self
    }

    fn limit(mut self, secs: u64) -> Self {
        self.limit_secs = secs;
        self
    }

    fn keep(mut self, why: &str) -> Self {
        self.undo = Undo::Keep(why.to_owned());
        self
    }
}

impl Maker<'_> {
    fn left_out(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if let BackupChoice::Skip(why) = &self.request.backup {
            out.push(("back-up".to_owned(), why.clone()));
        }
        if let RulesChoice::Skip(why) = &self.request.rules {
            out.push(("export-rules".to_owned(), why.clone()));
        }
        if let Some(why) = &self.request.unsigned {
            out.push(("signature".to_owned(), why.clone()));
        }
        out
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = self.survey();
        steps.extend(self.back_up());
        steps.extend(self.prepare());
        steps.extend(self.detach());
        steps.extend(self.replace());
        steps.extend(self.attach());
        steps.extend(self.verify());
        steps
    }

    fn survey(&self) -> Vec<Step> {
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

    fn back_up(&self) -> Vec<Step> {
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

    fn prepare(&self) -> Vec<Step> {
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

    fn detach(&self) -> Vec<Step> {
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

    fn replace(&self) -> Vec<Step> {
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
        ]
    }

    fn attach(&self) -> Vec<Step> {
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

    fn verify(&self) -> Vec<Step> {
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

    fn mode(&self) -> InstallerMode {
        match &self.request.mode {
            InstallerChoice::Attended => InstallerMode::Attended { question: self.installer_question() },
            InstallerChoice::Silent { arguments, credentials } => {
                let mut arguments = arguments.clone();
                let mut secrets = Vec::new();
                if let Some((account, password)) = credentials {
                    arguments.push(format!("{account}={}", self.account));
                    secrets.push(SecretProperty { name: password.clone(), secret: self.password.clone() });
                }
                InstallerMode::Silent { arguments, secrets }
            }
        }
    }

    fn installer_question(&self) -> Question {
        Question {
            title: format!("Run the installer of {} {}", names::name_of(&self.to), self.to),
            todo: vec![
                format!("run {} as an administrator of this server", self.package.path),
                format!("when it asks for credentials, give {} and its password", self.account),
                "when it asks whether to make changes to the account, choose Yes".to_owned(),
                "let it end; do not restart the server yourself, even if it offers to".to_owned(),
                "on any other error, cancel it, answer abandon, and contact the vendor's support".to_owned(),
            ],
            why: "The vendor's article names no way to run it without a person.".to_owned(),
            verified: format!(
                "version {} must be registered as installed, with its service and agents",
                self.to
            ),
            otherwise: "nothing more is changed; while mail is held, senders keep it and try again"
                .to_owned(),
        }
    }
}

fn export_question(file: &ServerPath) -> Question {
    Question {
        title: "Export the custom rules".to_owned(),
        todo: vec![
            "open the product's console and export the custom rules".to_owned(),
            format!("save the file as {file}"),
        ],
        why: "The settings folder does not hold them, and no source names a command that exports them."
            .to_owned(),
        verified: "the file must exist, not be empty, and be newer than the start of this upgrade".to_owned(),
        otherwise:
            "the upgrade waits; nothing was changed yet. If there are no custom rules, roll back and plan \
                    again with --no-rules REASON"
                .to_owned(),
    }
}
