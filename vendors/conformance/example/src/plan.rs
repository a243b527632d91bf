//! The steps: those of all products from core, in its words, and two of its own.

use crate::{names, operations};
use mailsec_core::{
    Failure,
    host::ServiceName,
    plan::{
        ExpectedPackage, InstallerMode, Naming, Operation, Phase, Plan, Question, RestartWhen, Retry, Step,
        Usual,
    },
    product::{BackupChoice, Draft, FactQuery, Facts, Installation, InstallerChoice, UpgradeRequest, checks},
    values::{StepId, Timestamp, Version},
};

pub(crate) fn plan(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    made: Timestamp,
    engine: &str,
) -> Result<Plan, Failure> {
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let to = checks::package_version(file)?;
    let product = vec![names::NAME.to_owned()];
    let package = ExpectedPackage::of(file, &product, &to);
    let usual = Usual {
        folder: &installation.folder,
        located: None,
        product: &product,
        unscanned: request.unscanned,
        prove: request.prove_scanning,
    };

    let services = vec![ServiceName::transport(), ServiceName::new(names::SERVICE)];
    let mut steps = usual.survey(services, &package);
    steps.extend(back_up(installation, request, made));
    steps.push(operations::pause(&installation.folder));
    steps.push(usual.snapshot());
    steps.extend(usual.detach());
    steps.extend(replace(request, &package, &product, &to));
    steps.extend(usual.installed(&to));
    steps.push(start());
    steps.push(operations::resume(&installation.folder));
    steps.extend(usual.attach());
    steps.extend(usual.verify(&to));

    let draft = Draft {
        product: names::KEY,
        naming: Naming { before: installation.name.clone(), after: names::NAME.to_owned() },
        to,
        made,
        engine: engine.to_owned(),
        left_out: Vec::new(),
        steps,
    };
    Ok(draft.plan(installation, facts, request))
}

fn back_up(installation: &Installation, request: &UpgradeRequest, made: Timestamp) -> Option<Step> {
    let BackupChoice::To(folder) = &request.backup else { return None };
    let target = folder.join(&format!("{}-{}-{}", names::KEY, installation.version, made.compact()));
    let source = installation.folder.join(names::SETTINGS);
    let step = Step::new(
        "back-up-settings",
        Phase::BackUp,
        "Back up the settings",
        "an installer that fails may take them with it",
        Operation::BackUpTree { source, target },
    );
    Some(step.within(1800).kept("a backup does no harm"))
}

fn replace(
    request: &UpgradeRequest,
    package: &ExpectedPackage,
    product: &[String],
    to: &Version,
) -> [Step; 2] {
    let mode = match &request.mode {
        InstallerChoice::Silent { arguments, secrets, .. } => {
            InstallerMode::Silent { arguments: arguments.clone(), secrets: secrets.clone() }
        }
        InstallerChoice::AsUsual | InstallerChoice::Attended => {
            InstallerMode::Attended { question: question(package, to) }
        }
    };
    let operation = Operation::RunInstaller {
        package: package.clone(),
        mode,
        log: request.logs.join(&format!("install-{}-{to}.log", names::KEY)),
        product: product.to_vec(),
    };
    let title = "Run the installer";
    let mut install =
        Step::new("run-installer", Phase::Replace, title, "this is the upgrade itself", operation);
    install = install.within(3600);
    install.retry = Retry { attempts: 5, wait_secs: 30 };
    install.no_return = true;
    let restart = Step::new(
        "restart-server",
        Phase::Reboot,
        "Restart the server if the installer asks for it",
        "files in use are replaced at a restart",
        Operation::Restart { when: RestartWhen::NeededBy(StepId::new("run-installer")) },
    );
    [install, restart.within(1200)]
}

fn start() -> Step {
    Step::new(
        "start-service",
        Phase::Restore,
        "See that the product's service runs",
        "the agents need it, so it comes before them",
        Operation::StartService { service: ServiceName::new(names::SERVICE) },
    )
}

fn question(package: &ExpectedPackage, to: &Version) -> Question {
    Question {
        title: format!("Run the installer of {} {to}", names::NAME),
        todo: vec![
            format!("run {} as an administrator of this server", package.path),
            "let it end".to_owned(),
        ],
        why: "The vendor's article names no way to run it without a person.".to_owned(),
        verified: format!("version {to} must be registered as installed"),
        otherwise: "nothing more is changed; while mail is held, senders keep it and try again".to_owned(),
        items: Vec::new(),
    }
}
