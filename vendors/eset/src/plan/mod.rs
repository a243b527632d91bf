//! The steps of each method.

mod cluster;
mod in_place;
mod manual;
mod steps;

use crate::{methods, names};
use mailsec_core::{
    Failure,
    failure::Code,
    host::{PackageKind, ServiceName},
    plan::{ExpectedPackage, InstallerMode, Naming, Plan, Question, SecretProperty, Step, Usual},
    product::{
        BackupChoice, Draft, FactQuery, Facts, Installation, InstallerChoice, Method, UpgradeRequest, checks,
    },
    values::{SecretRef, ServerPath, Timestamp, Version},
};

/// The key of the product.
pub(crate) const KEY: &str = "eset";

pub(crate) fn plan(
    installation: &Installation,
    facts: &Facts,
    request: &UpgradeRequest,
    made: Timestamp,
    engine: &str,
) -> Result<Plan, Failure> {
    let method = methods::chosen(request);
    methods::fits(method, installation, facts)?;
    let file = facts.package(&FactQuery::Package(request.installer.clone()))?;
    let to = checks::package_version(file)?;
    let product = vec![names::COMMON.to_owned()];
    let BackupChoice::To(backup) = &request.backup else {
        return Err(Failure::new(Code::BadArgument, "the settings must be exported")
            .hint("leave --skip-backup out: the export is the way back"));
    };
    let tool = facts.file(&FactQuery::File(installation.folder.join(names::TOOL)))?;
    let maker = Maker {
        installation,
        request,
        package: ExpectedPackage::of(file, &product, &to),
        product,
        to: to.clone(),
        folder: backup.join(&format!("eset-{}-{}", installation.version, made.compact())),
        has_tool: tool.as_ref().is_some_and(names::is_program),
    };
    let steps = match method {
        Method::Manual => maker.manual()?,
        Method::InPlace => maker.in_place(),
        Method::Remote | Method::Cluster => {
            return methods::planned_here(method).and(Err(Failure::new(Code::MethodUnfit, "no such plan")));
        }
    };
    let draft = Draft {
        product: KEY,
        naming: Naming { before: installation.name.clone(), after: names::NAME.to_owned() },
        to,
        made,
        engine: engine.to_owned(),
        left_out: Vec::new(),
        steps,
    };
    Ok(draft.plan(installation, facts, request))
}

struct Maker<'a> {
    installation: &'a Installation,
    request: &'a UpgradeRequest,
    package: ExpectedPackage,
    product: Vec<String>,
    to: Version,
    /// Where exports go: a folder of this upgrade.
    folder: ServerPath,
    /// Whether the installed version has a tool that exports.
    has_tool: bool,
}

impl Maker<'_> {
    fn usual(&self) -> Usual<'_> {
        Usual {
            folder: &self.installation.folder,
            located: Some(steps::LOCATE),
            product: &self.product,
            unscanned: self.request.unscanned,
            prove: self.request.prove_scanning,
        }
    }

    fn survey(&self) -> Vec<Step> {
        let own = self.installation.services.iter().filter(|service| service.is_running());
        let services = [ServiceName::transport()].into_iter().chain(own.map(|service| service.name.clone()));
        self.usual().survey(services.collect(), &self.package)
    }

    /// The property that takes the settings password, where one protects the settings.
    fn password(&self) -> Option<SecretProperty> {
        self.request.settings_password.then(|| SecretProperty {
            name: names::PASSWORD_PROPERTY.to_owned(),
            secret: SecretRef::new(names::SETTINGS_PASSWORD),
        })
    }

    /// An MSI package runs silently by Windows Installer's own switches; a program has none that a source names.
    fn mode(&self, method: Method) -> InstallerMode {
        // Over a protected product the installer is given its password; a fresh one has none yet.
        let given = self.password().filter(|_| method == Method::InPlace);
        match &self.request.mode {
            InstallerChoice::Silent { arguments, secrets, .. } => InstallerMode::Silent {
                arguments: arguments.clone(),
                secrets: secrets.iter().cloned().chain(given).collect(),
            },
            InstallerChoice::AsUsual if self.package.kind == PackageKind::Msi => {
                InstallerMode::Silent { arguments: Vec::new(), secrets: given.into_iter().collect() }
            }
            InstallerChoice::AsUsual | InstallerChoice::Attended => {
                InstallerMode::Attended { question: self.installer_question() }
            }
        }
    }

    fn installer_question(&self) -> Question {
        Question {
            title: format!("Run the installer of {} {}", names::COMMON, self.to),
            todo: vec![
                format!("run {} as an administrator of this server", self.package.path),
                "let it end".to_owned(),
            ],
            why: "It was asked for, or the installer is a program for which no source names silent switches."
                .to_owned(),
            verified: format!("version {} must be registered as installed", self.to),
            otherwise: "nothing more is changed; while mail is held, senders keep it and try again"
                .to_owned(),
            items: Vec::new(),
        }
    }
}
