//! The main flows as an administrator sees them, from the first command to the last, as golden transcripts.
//!
//! `INSTA_UPDATE=always cargo test -p mailsec flows` writes them anew.

use crate::harness::{INSTALL, Place, Ran, SECRET, SILENT, settings};
use mailsec_simulator::worlds::{installers, vipre};
use std::fmt::Write;

/// What was typed and what was answered.
struct Session {
    place: Place,
    text: String,
}

impl Session {
    fn new() -> Self {
        Self { place: Place::vipre(), text: String::new() }
    }

    /// Types a command; `--host`, the secret's source and `--no-input` are left out of the transcript.
    fn types<'a>(&mut self, code: i32, arguments: impl IntoIterator<Item = &'a str>) {
        let arguments: Vec<&str> = arguments.into_iter().collect();
        let secret = if arguments.contains(&"--generate-password") { &[][..] } else { &SECRET[..] };
        let all = secret.iter().copied().chain(["--no-input"]).chain(arguments.iter().copied());
        let ran = self.place.run(all);
        self.note(&format!("mailsec {}", quoted(&arguments)), &ran.exits(code));
    }

    /// A person does something at the server.
    fn does(&mut self, arguments: &[&str]) {
        let folder = self.place.folder.display().to_string();
        let mut command = self.place.program();
        command.args(SECRET).args(["world", "act", &folder]).args(arguments);
        let ran = command.output().map(Ran::from).unwrap().exits(0);
        self.note(&format!("mailsec world act FOLDER {}", quoted(arguments)), &ran);
    }

    fn note(&mut self, command: &str, ran: &Ran) {
        writeln!(self.text, "$ {command}\n{ran}").unwrap();
    }

    #[track_caller]
    fn is(self, name: &str) {
        settings(&self.place).bind(|| insta::assert_snapshot!(name, self.text));
    }
}

fn quoted(arguments: &[&str]) -> String {
    let quote = |word: &&str| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() };
    arguments.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_attended_upgrade() {
    let mut session = Session::new();
    let plan = session.place.file("plan.json").display().to_string();
    session.types(0, ["detect"]);
    session.types(0, ["check"].into_iter().chain(INSTALL));
    session.types(0, ["plan", "--out", &plan].into_iter().chain(INSTALL));
    session.types(10, ["run", "--yes", "--plan", &plan]);
    session.types(0, ["status"]);
    session.does(&["save", r"C:\ProgramData\mailsec\export\custom-rules.export", "3 custom rules"]);
    session.types(0, ["answer", "export-rules#1", "done", "--note", "exported in the console"]);
    session.types(10, ["resume"]);
    session.does(&["install", installers::RIGHT, "--account", vipre::ACCOUNT]);
    session.types(0, ["answer", "run-installer#2", "done"]);
    session.types(0, ["resume"]);
    session.types(0, ["report"]);
    session.types(0, ["journal", "verify"]);
    session.is("attended-upgrade");
}

#[test]
fn a_silent_upgrade_with_a_restart() {
    let mut session = Session::new();
    session.types(11, ["run", "--yes", "--installer", installers::WANTS_RESTART].into_iter().chain(SILENT));
    session.types(0, ["resume"]);
    session.types(0, ["report"]);
    session.is("silent-upgrade-with-a-restart");
}

#[test]
fn an_installer_that_fails() {
    let mut session = Session::new();
    let before = session.place.picture();
    session.types(20, ["run", "--yes", "--installer", installers::FAILS].into_iter().chain(SILENT));
    session.types(0, ["status"]);
    session.types(0, ["report"]);
    assert_eq!(session.place.picture(), before, "the server is as it was");
    session.is("installer-that-fails");
}

#[test]
fn a_new_account_with_a_generated_password() {
    let mut session = Session::new();
    let account = ["--create-account", r"LAB\svc-mailsec", "--generate-password"];
    session.types(0, ["run", "--yes"].into_iter().chain(INSTALL).chain(SILENT).chain(account));
    session.types(0, ["report"]);
    session.is("new-account-with-a-generated-password");
}

#[test]
fn a_password_that_is_reset() {
    let mut session = Session::new();
    let account = ["--reset-password", "--generate-password"];
    session.types(0, ["run", "--yes"].into_iter().chain(INSTALL).chain(SILENT).chain(account));
    session.is("password-that-is-reset");
}

#[test]
fn every_step_explained() {
    let mut session = Session::new();
    session.types(0, ["plan", "--explain"].into_iter().chain(INSTALL));
    session.is("every-step-explained");
}
