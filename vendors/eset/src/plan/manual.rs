//! Export, uninstall, restart, install, import: the vendor's way for a single server, from any version.

use super::{
    Maker,
    steps::{EXPORT, LOCATE, own},
};
use crate::{names, operations::name};
use mailsec_core::{
    Failure,
    failure::Code,
    plan::{OnPartial, Operation, Phase, Question, Step, VendorTraits},
    product::Method,
};

impl Maker<'_> {
    pub(super) fn manual(&self) -> Result<Vec<Step>, Failure> {
        let mut steps = self.survey();
        steps.extend(self.back_up());
        if self.imports() {
            steps.extend(self.prepare_import());
        }
        steps.extend(self.password_given());
        steps.push(self.usual().snapshot());
        steps.extend(self.usual().detach());
        steps.push(self.uninstall()?);
        steps.push(self.restart_always(
            "restart-after-uninstall",
            "Restart the server",
            "the vendor's article restarts it between uninstall and installation",
        ));
        steps.push(self.install(Method::Manual));
        steps.push(self.restart_if_asked());
        steps.extend(self.installed());
        if self.imports() {
            steps.extend(self.import());
        }
        steps.extend(self.join()?);
        steps.push(self.compare());
        steps.extend(self.usual().attach());
        steps.extend(self.usual().verify(&self.to));
        steps.extend(self.review());
        Ok(steps)
    }

    fn prepare_import(&self) -> Vec<Step> {
        let (file, to) = (self.import_file(), self.to.to_string());
        let what = format!("copies the export to {file}, which a person may sign");
        let traits = VendorTraits { on_partial: OnPartial::Finish, ..VendorTraits::changes(what) };
        let copy = Step::new(
            "copy-export",
            Phase::BackUp,
            "Copy the export",
            "a signature changes the file; the original stays as it was",
            own(name::COPY, &[("export", EXPORT), ("file", file.as_str())], traits),
        )
        .kept("a copy does no harm");
        let mut arguments = vec![("export", EXPORT), ("file", file.as_str()), ("to", to.as_str())];
        if !self.request.settings_password {
            arguments.push(("unprotected", "yes"));
        }
        let prepare = Step::new(
            "prepare-import",
            Phase::Prepare,
            "See that the settings can be imported again",
            "an uninstall without a working import loses the settings",
            own(
                name::PREPARE,
                &arguments,
                VendorTraits::asks(
                    "asks a person to prepare the import, with the exact steps, and checks the file to be imported",
                ),
            ),
        )
        .within(86_400);
        vec![copy, prepare]
    }

    fn uninstall(&self) -> Result<Step, Failure> {
        let code = self.installation.product_code.clone().ok_or_else(|| {
            Failure::new(Code::ProductNotFound, "the product cannot be uninstalled by the program")
                .expected("its MSI product code in the registry")
                .found("none")
                .hint("repair the installation with the vendor's installer first, or plan with --method in-place where it applies")
        })?;
        let mut step = Step::new(
            "uninstall",
            Phase::Replace,
            "Uninstall the former version",
            "the vendor's article installs the new version on a clean server",
            Operation::Uninstall {
                product_code: code,
                product: self.product.clone(),
                secrets: self.password().into_iter().collect(),
                log: self.request.logs.join(&format!("uninstall-eset-{}.log", self.installation.version)),
            },
        )
        .within(3600);
        step.no_return = true;
        Ok(step)
    }

    fn import(&self) -> Vec<Step> {
        let (file, to) = (self.import_file(), self.to.to_string());
        let enable = Step::new(
            "enable-import",
            Phase::Restore,
            "Enable ESET CMD",
            "a fresh product refuses imports until a person allows them",
            Operation::Gate { question: self.enable_question() },
        )
        .within(86_400);
        let what = format!("imports {file} by {} /setcfg", names::TOOL);
        let traits =
            VendorTraits { on_partial: OnPartial::Finish, imports: true, ..VendorTraits::changes(what) };
        let import = Step::new(
            "import-settings",
            Phase::Restore,
            "Import the settings",
            "the fresh product begins with its defaults",
            own(
                name::IMPORT,
                &[("export", EXPORT), ("located", LOCATE), ("file", file.as_str()), ("to", to.as_str())],
                traits,
            ),
        )
        .within(600)
        .kept("it comes after the point of no return");
        vec![enable, import]
    }

    fn enable_question(&self) -> Question {
        let file = self.import_file();
        let version = names::signature_version(&self.to);
        Question {
            title: "Enable ESET CMD on the fresh product".to_owned(),
            todo: vec![
                "open the product's window on this server, press F5 for Advanced setup, and go to Tools, ESET CMD"
                    .to_owned(),
                "turn on \"Enable advanced ecmd commands\"".to_owned(),
                "choose the authorization mode None, if the file is not signed".to_owned(),
                format!(
                    "for the mode Advanced setup password, set the password in Access setup, and sign the file with it \
                     in a console: XmlSignTool.exe /version {version} \"{file}\""
                ),
                "confirm with OK".to_owned(),
                "see that the product is activated: the license is not among the settings".to_owned(),
            ],
            why: format!("ESET CMD is off on a fresh product, and only its window turns it on ({}).", names::COMMANDS_PAGE),
            verified: format!("{} must take {file}; settings are exported again and compared", names::TOOL),
            otherwise: "the upgrade waits here; while mail is held, senders keep it and try again".to_owned(),
            items: Vec::new(),
        }
    }
}
