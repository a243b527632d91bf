//! ESET Mail Security, as far as this program has to do with it: settings that are exported and imported by a tool,
//! and what a person does in its window. What no source states carries `Sim`.

mod ecmd;
mod settings;

pub use ecmd::{EXIT_NOT_ENABLED, EXIT_NOT_READABLE, EXIT_NOT_SIGNED, sign};
pub use settings::{Node, SimSettings};

use super::World;
use mailsec_core::{
    host::{Answer, RegistryView},
    values::ServerPath,
};

/// Where the product keeps what this world has to know of it.
pub const STATE: &str = r"SOFTWARE\ESET\SimMailSecurity";
/// Where the product says what it is.
pub const INFO: &str = r"SOFTWARE\ESET\ESET Security\CurrentVersion\Info";
/// Under this name the vault keeps the password that protects the settings.
pub const SETTINGS_PASSWORD: &str = "eset";
const COMMANDS: &str = "SimAdvancedCommands";
const AUTHORIZATION: &str = "SimAuthorization";

impl World {
    /// Where the installed product keeps its settings.
    #[must_use]
    pub fn eset_settings_file(&self) -> ServerPath {
        let folder = self.registry.value(RegistryView::Wide, INFO, "InstallDir").unwrap_or(r"C:\none");
        ServerPath::new(folder).join(r"SimData\settings.xml")
    }

    /// The settings of the installed product.
    #[must_use]
    pub fn eset_settings(&self) -> Option<SimSettings> {
        SimSettings::parse(self.disk.read(&self.eset_settings_file()).ok()?.text()?)
    }

    /// Changes the settings of the installed product, as a person does in its window.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn person_sets_up(&mut self, change: impl FnOnce(&mut SimSettings)) -> Answer<()> {
        let Some(mut settings) = self.eset_settings() else { return Ok(()) };
        change(&mut settings);
        self.disk.write(&self.eset_settings_file(), settings.text().into(), self.now)
    }

    /// A person enables the advanced commands, for signed files only or for all.
    pub fn person_enables_commands(&mut self, signed_only: bool) {
        self.registry.set(RegistryView::Wide, STATE, COMMANDS, "1");
        self.registry.set(RegistryView::Wide, STATE, AUTHORIZATION, if signed_only { "1" } else { "0" });
    }

    /// A person exports the settings in the product's window.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn person_exports(&mut self, file: &ServerPath) -> Answer<()> {
        let text = self.eset_settings().map(|settings| settings.text()).unwrap_or_default();
        self.disk.write(file, text.into(), self.now)
    }

    /// A person signs an exported file with the password that protects the settings.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn person_signs(&mut self, file: &ServerPath) -> Answer<()> {
        let text = self.disk.read(file)?.text().unwrap_or_default().to_owned();
        let password = self.vault.products.get(SETTINGS_PASSWORD).cloned().unwrap_or_default();
        self.disk.write(file, sign(&text, &password).into(), self.now)
    }

    fn commands_enabled(&self) -> bool {
        self.registry.value(RegistryView::Wide, STATE, COMMANDS) == Some("1")
    }

    fn wants_signature(&self) -> bool {
        self.registry.value(RegistryView::Wide, STATE, AUTHORIZATION) == Some("1")
    }

    /// An installer finds settings and keeps them, with the new version's defaults for what is new; or it finds none.
    pub(crate) fn settle_settings(&mut self, file: &ServerPath, defaults: &SimSettings) -> Answer<()> {
        let kept = self.disk.read(file).ok().and_then(|content| SimSettings::parse(content.text()?));
        let settings = match kept {
            Some(kept) => defaults.with(&kept, |_| true),
            None => {
                self.registry.remove(RegistryView::Wide, STATE);
                defaults.clone()
            }
        };
        self.disk.write(file, settings.text().into(), self.now)
    }
}
