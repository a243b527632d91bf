//! What people are asked, in the words of the article.

use super::Maker;
use crate::names;
use mailsec_core::{
    plan::{InstallerMode, Question, SecretProperty},
    product::InstallerChoice,
    values::ServerPath,
};

impl Maker<'_> {
    pub(super) fn mode(&self) -> InstallerMode {
        match &self.request.mode {
            InstallerChoice::AsUsual | InstallerChoice::Attended => {
                InstallerMode::Attended { question: self.installer_question() }
            }
            InstallerChoice::Silent { arguments, credentials, secrets } => {
                let (mut arguments, mut secrets) = (arguments.clone(), secrets.clone());
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
                "let it end".to_owned(),
            ],
            why: "The vendor's article names no way to run it without a person.".to_owned(),
            verified: format!(
                "version {} must be registered as installed, with its service and agents",
                self.to
            ),
            otherwise: "nothing more is changed; while mail is held, senders keep it and try again"
                .to_owned(),
            items: Vec::new(),
        }
    }
}

pub(super) fn export_question(file: &ServerPath) -> Question {
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
        items: Vec::new(),
    }
}
