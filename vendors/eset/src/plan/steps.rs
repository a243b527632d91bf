//! Steps that both methods have.

use super::Maker;
use crate::{names, operations::name};
use mailsec_core::{
    host::ServiceName,
    plan::{OnPartial, Operation, Phase, RestartWhen, Retry, Step, VendorTraits},
    product::Method,
    values::{ServerPath, StepId},
};

/// The step that exports.
pub(super) const EXPORT: &str = "export-settings";
/// The step that finds the product's folder after the installation.
pub(super) const LOCATE: &str = "locate-product";
/// The step that compares.
pub(super) const COMPARE: &str = "compare-settings";

/// An operation of ESET's own.
pub(super) fn own(name: &str, arguments: &[(&str, &str)], traits: VendorTraits) -> Operation {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Operation::Vendor { name: name.to_owned(), arguments: arguments.collect(), traits }
}

impl Maker<'_> {
    /// The export as it was.
    pub(super) fn original(&self) -> ServerPath {
        self.folder.join("settings.xml")
    }

    /// The copy that is imported.
    pub(super) fn import_file(&self) -> ServerPath {
        self.folder.join("import.xml")
    }

    fn after_file(&self) -> ServerPath {
        self.folder.join("settings-after.xml")
    }

    pub(super) fn back_up(&self) -> Vec<Step> {
        let file = self.original();
        let version = self.installation.version.to_string();
        let arguments = [
            ("file", file.as_str()),
            ("folder", self.installation.folder.as_str()),
            ("version", version.as_str()),
        ];
        let proof = "its form, product and version are checked";
        let operation = if self.has_tool {
            let what = format!("exports the settings to {file} by {} /getcfg; {proof}", names::TOOL);
            let traits = VendorTraits { on_partial: OnPartial::Finish, ..VendorTraits::changes(what) };
            own(name::EXPORT, &arguments, VendorTraits { proves_export: true, ..traits })
        } else {
            let what = format!("asks a person to export the settings to {file}; {proof}");
            own(name::COLLECT, &arguments, VendorTraits { proves_export: true, ..VendorTraits::asks(what) })
        };
        let asks = operation.asks();
        let export = Step::new(
            EXPORT,
            Phase::BackUp,
            "Export the settings and prove the export",
            "they go with an uninstall, and are compared afterwards in any case",
            operation,
        )
        .within(if asks { 86_400 } else { 600 });
        let inventory = Step::new(
            "inventory-rules",
            Phase::BackUp,
            "List the rules",
            "rules of 4.x cannot be migrated: the vendor says to note them first",
            own(
                name::INVENTORY,
                &[("export", EXPORT)],
                VendorTraits::looks("lists the rules of the export, as far as it tells, in the report"),
            ),
        );
        if !asks {
            return vec![export.kept("an export does no harm"), inventory];
        }
        let what = format!("makes the folder of {file}, for administrators only");
        let traits = VendorTraits { on_partial: OnPartial::Finish, ..VendorTraits::changes(what) };
        let folder = Step::new(
            "make-folder",
            Phase::BackUp,
            "Make a folder for the export",
            "an export holds more than others should read, and a person needs a place to put it",
            own(name::FOLDER, &[("file", file.as_str())], traits),
        );
        vec![folder.kept("an empty folder does no harm"), export, inventory]
    }

    /// Where a password protects the settings: it was given, before anything is detached.
    pub(super) fn password_given(&self) -> Option<Step> {
        let secret = self.password()?.secret;
        let what = format!("checks that the secret {secret} was given");
        let traits = VendorTraits { secrets: vec![secret], ..VendorTraits::looks(what) };
        Some(Step::new(
            "settings-password",
            Phase::Prepare,
            "See that the settings password is there",
            "the product cannot be replaced without it, and mail would be held while somebody looks for it",
            own(name::PASSWORD, &[], traits),
        ))
    }

    /// The installer, silent or by a person.
    pub(super) fn install(&self, method: Method) -> Step {
        let mut install = Step::new(
            "run-installer",
            Phase::Replace,
            "Run the installer",
            "this is the upgrade itself",
            Operation::RunInstaller {
                package: self.package.clone(),
                mode: self.mode(method),
                log: self.request.logs.join(&format!("install-eset-{}.log", self.to)),
                product: self.product.clone(),
            },
        )
        .within(3600);
        install.retry = Retry { attempts: 5, wait_secs: 30 };
        install
    }

    pub(super) fn restart(&self, id: &str, title: &str, reason: &str, when: RestartWhen) -> Step {
        Step::new(id, Phase::Reboot, title, reason, Operation::Restart { when }).within(1200)
    }

    /// The new version is there, its folder known, its service runs.
    pub(super) fn installed(&self) -> Vec<Step> {
        let mut steps = self.usual().installed(&self.to);
        steps.push(Step::new(
            LOCATE,
            Phase::Restore,
            "Find the product's folder",
            "a new version may choose another",
            own(name::LOCATE, &[], VendorTraits::looks(format!(r"reads InstallDir in HKLM\{}", names::INFO))),
        ));
        steps.push(Step::new(
            "start-service",
            Phase::Restore,
            "See that the product's service runs",
            "the tool for the settings and the agents need it",
            Operation::StartService { service: ServiceName::new(names::SERVICE) },
        ));
        steps
    }

    pub(super) fn compare(&self) -> Step {
        let (file, to) = (self.after_file(), self.to.to_string());
        let what = format!("exports the settings again to {file} and compares them with those from before");
        let traits = VendorTraits { on_partial: OnPartial::Finish, ..VendorTraits::changes(what) };
        Step::new(
            COMPARE,
            Phase::Restore,
            "Compare the settings",
            "what was preserved, changed, newly defaulted or lost is shown, not assumed",
            own(
                name::COMPARE,
                &[("export", EXPORT), ("located", LOCATE), ("file", file.as_str()), ("to", to.as_str())],
                traits,
            ),
        )
        .within(900)
        .kept("an export does no harm")
    }

    pub(super) fn review(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if names::drops_rules(&self.installation.version, &self.to) {
            steps.push(
                Step::new(
                    "review-rules",
                    Phase::Review,
                    "Set up the rules again",
                    "rules of 4.x cannot be migrated",
                    own(
                        name::RULES,
                        &[("export", EXPORT)],
                        VendorTraits::asks("asks a person to set up each old rule again, or to give it up"),
                    ),
                )
                .within(86_400),
            );
        }
        steps.push(
            Step::new(
                "review-settings",
                Phase::Review,
                "Go through the settings",
                "\"review all settings\": the vendor asks for it after the upgrade",
                own(
                    name::REVIEW,
                    &[("export", EXPORT), ("compared", COMPARE)],
                    VendorTraits::asks("asks a person to go through the settings, and through each lost one"),
                ),
            )
            .within(86_400),
        );
        steps
    }

    /// A restart that is needed in any case.
    pub(super) fn restart_always(&self, id: &str, title: &str, reason: &str) -> Step {
        self.restart(id, title, reason, RestartWhen::Always)
    }

    /// A restart that the installer may ask for.
    pub(super) fn restart_if_asked(&self) -> Step {
        self.restart(
            "restart-server",
            "Restart the server if the installer asks for it",
            "files in use are replaced at a restart",
            RestartWhen::NeededBy(StepId::new("run-installer")),
        )
    }
}
