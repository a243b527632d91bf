//! What ESET's product has beside programs: settings that a tool exports, and keys in which it says what it is.

use super::{
    Building,
    installer::{VIEWS, values},
};
use crate::{
    world::{
        eset::{INFO, SETTINGS_PASSWORD, STATE, SimSettings},
        script::Stage,
        tool::Tool,
    },
    worlds::eset::Build,
};
use mailsec_core::{host::RegistryView, product::FactQuery, values::ServerPath};

impl Building<'_> {
    fn settings_file(&self) -> ServerPath {
        self.settings().join("settings.xml")
    }

    /// Settings as an administrator might have set them up, and the tool that exports them, where there is one.
    pub(super) fn eset(&mut self) {
        let folder = self.installation.folder.clone();
        if self.world.registry.value(RegistryView::Wide, INFO, "InstallDir").is_none() {
            self.world.registry.set(RegistryView::Wide, INFO, "InstallDir", folder.as_str());
        }
        let settings = SimSettings { version: self.plan.from.to_string(), ..Build::V65.set_up() };
        self.world.disk.put(&self.settings_file(), settings.text(), self.world.now);
        let tool = folder.join("ecmd.exe");
        let seen = self.facts.file(&FactQuery::File(tool.clone()));
        if seen.is_ok_and(Option::is_some) {
            self.world.disk.put(&tool, Tool::Ecmd.text(), self.world.now);
        }
        self.assume("the settings are a made-up set of 14, two of them rules");
        self.assume("ESET CMD does what it does in the simulator; no source states its exit codes");
    }

    /// An installation keeps the settings that it finds.
    pub(super) fn eset_settings(&self) -> Stage {
        let defaults = SimSettings { version: self.plan.to.to_string(), ..Build::V111.defaults() };
        Stage::Settings { file: self.settings_file(), defaults }
    }

    /// The product says what it is.
    pub(super) fn eset_info(&self, code: &str) -> Vec<Stage> {
        let narrow = Stage::RemoveKey { view: RegistryView::Narrow, key: INFO.to_owned() };
        let own = Stage::WriteKey {
            view: RegistryView::Wide,
            key: INFO.to_owned(),
            values: values(&[
                ("ProductName", &self.plan.naming.after),
                ("ProductVersion", &self.plan.to.to_string()),
                ("InstallDir", self.installation.folder.as_str()),
                ("ProductCode", code),
            ]),
        };
        vec![narrow, own]
    }

    /// What a removal takes with it, and the restart that it wants.
    pub(super) fn eset_removal() -> Vec<Stage> {
        let keys = VIEWS.into_iter().flat_map(|view| [INFO, STATE].map(|key| (view, key.to_owned())));
        let mut stages: Vec<Stage> = keys.map(|(view, key)| Stage::RemoveKey { view, key }).collect();
        stages.push(Stage::ForgetPassword(SETTINGS_PASSWORD.to_owned()));
        stages.push(Stage::WantsRestart);
        stages
    }
}
