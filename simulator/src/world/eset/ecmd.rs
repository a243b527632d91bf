//! The product's command for its settings.

use super::SimSettings;
use crate::{fate::Fate, faults::SpoiltExport, world::World};
use mailsec_core::{
    host::{Answer, ToolExit},
    values::{Digest, ServerPath},
};
use std::time::Duration;

/// The advanced commands are not enabled. No source states the tool's exit codes.
pub const EXIT_NOT_ENABLED: i32 = 101;
/// The file has no signature, or one that does not hold.
pub const EXIT_NOT_SIGNED: i32 = 102;
/// The file is not there, or no settings.
pub const EXIT_NOT_READABLE: i32 = 103;

const TAKES: Duration = Duration::from_secs(2);

/// The text with the comment that signs it; 64 bytes in Base64 have 86 letters and `==`.
#[must_use]
pub fn sign(text: &str, password: &str) -> String {
    let body = text.split("<!-- Signature:").next().unwrap_or(text);
    let digest = Digest::of(format!("{password}\n{body}").as_bytes()).to_string();
    let letters: String = digest.chars().cycle().take(86).collect();
    format!("{body}<!-- Signature: {letters}== -->\n")
}

impl World {
    pub(crate) fn ecmd(&mut self, fate: &mut Fate, arguments: &[String]) -> Answer<ToolExit> {
        self.advance(fate, TAKES)?;
        let exit = |code: i32, says: &str| Ok(ToolExit::new(code, says));
        if let Some(code) = self.faults.tool_exits.pop() {
            return exit(code, "the service did not answer");
        }
        match arguments {
            [command, file] if command.eq_ignore_ascii_case("/getcfg") => {
                self.export(fate, &ServerPath::new(file))?;
                exit(0, "")
            }
            [command, file] if command.eq_ignore_ascii_case("/setcfg") => {
                let (code, says) = self.import(fate, &ServerPath::new(file))?;
                exit(code, says)
            }
            _ => exit(1, "unknown command"),
        }
    }

    fn export(&mut self, fate: &mut Fate, file: &ServerPath) -> Answer<()> {
        let whole = self.eset_settings().map(|settings| settings.text()).unwrap_or_default();
        let text = match self.faults.export {
            None => whole,
            Some(SpoiltExport::Missing) => return Ok(()),
            Some(SpoiltExport::Empty) => String::new(),
            Some(SpoiltExport::Foreign) => "<Settings><Other/></Settings>\n".to_owned(),
            Some(SpoiltExport::OtherBuild) => whole.replace("VERSION=\"", "VERSION=\"9"),
        };
        let half = text.get(..text.len() / 2).unwrap_or_default();
        self.disk.write(file, half.into(), self.now)?;
        fate.point(self, "run tool: half of the export written")?;
        self.disk.write(file, text.into(), self.now)
    }

    fn import(&mut self, fate: &mut Fate, file: &ServerPath) -> Answer<(i32, &'static str)> {
        if !self.commands_enabled() {
            return Ok((EXIT_NOT_ENABLED, "the command is not allowed"));
        }
        let Ok(content) = self.disk.read(file) else { return Ok((EXIT_NOT_READABLE, "no such file")) };
        let text = content.text().unwrap_or_default().to_owned();
        let password = self.vault.products.get(super::SETTINGS_PASSWORD).cloned().unwrap_or_default();
        if self.wants_signature() && text != sign(&text, &password) {
            return Ok((EXIT_NOT_SIGNED, "the signature is missing or wrong"));
        }
        let (Some(given), Some(mut now)) = (SimSettings::parse(&text), self.eset_settings()) else {
            return Ok((EXIT_NOT_READABLE, "these are no settings"));
        };
        // Rules of 4.x cannot be migrated, and what is new in antispam keeps its default.
        let legacy = given.version.starts_with("4.") && !now.version.starts_with("4.");
        let lost = self.faults.import_loses.clone();
        let takes = |path: &[String]| {
            !(legacy && path.iter().any(|name| name.eq_ignore_ascii_case("rules")))
                && lost.as_ref().is_none_or(|lost| !path.join("/").starts_with(lost.as_str()))
        };
        // The product takes settings over part by part.
        let half = given.nodes.len() / 2;
        let first: Vec<Vec<String>> = given.nodes.keys().take(half).cloned().collect();
        now = now.with(&given, |path| takes(path) && first.iter().any(|one| one == path));
        self.disk.write(&self.eset_settings_file(), now.text().into(), self.now)?;
        fate.point(self, "run tool: half of the import done")?;
        now = now.with(&given, takes);
        self.disk.write(&self.eset_settings_file(), now.text().into(), self.now)?;
        Ok((0, ""))
    }
}
