//! The words of a plan's steps: people read them at night.

use mailsec_core::plan::{Operation, Phase, Step, explain};

/// Operations whose step has one name in all plans, so that scripts, pages and people mean the same.
fn standard(step: &Step) -> Option<&'static str> {
    match &step.operation {
        Operation::AwaitReady { .. } if step.phase == Phase::Survey => Some("await-ready"),
        Operation::CheckPackage { .. } => Some("check-installer"),
        Operation::SnapshotAgents { .. } => Some("snapshot-agents"),
        Operation::HoldMail { .. } => Some("hold-mail"),
        Operation::UnregisterAgents { .. } => Some("unregister-agents"),
        Operation::RegisterAgents { .. } => Some("register-agents"),
        Operation::ReleaseMail { .. } => Some("release-mail"),
        Operation::VerifyAgents { .. } => Some("verify-agents"),
        Operation::ProbeMail => Some("probe-mail"),
        Operation::ProveScanning => Some("prove-scanning"),
        Operation::RunInstaller { .. } => Some("run-installer"),
        Operation::Uninstall { .. } => Some("uninstall"),
        _ => None,
    }
}

/// Everything that is wrong with the words and numbers of a step.
pub(crate) fn wrong(step: &Step) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(name) = standard(step).filter(|name| *name != step.id.as_str()) {
        wrong.push(format!("this operation's step is called {name} in all plans"));
    }
    let upper = step.title.chars().next().is_some_and(char::is_uppercase);
    if !upper || step.title.ends_with('.') || step.title.chars().count() > 72 {
        wrong.push(format!("the title {:?} is not one short line without a period", step.title));
    }
    if step.reason.trim().is_empty() || step.reason.ends_with('.') {
        wrong.push(format!("the reason {:?} is not half a sentence without a period", step.reason));
    }
    let typical = step.operation.typical_secs();
    if step.limit_secs < typical {
        wrong.push(format!(
            "its limit of {} s is shorter than it typically takes: {typical} s",
            step.limit_secs
        ));
    }
    if let Some(mail) = step.mail.filter(|mail| mail.limit_secs < mail.typical_secs) {
        wrong.push(format!(
            "mail suffers {} s typically, and {} s at most",
            mail.typical_secs, mail.limit_secs
        ));
    }
    if let Operation::Vendor { name, traits, .. } = &step.operation {
        let words = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if name.is_empty() || !words {
            wrong.push(format!("the operation {name:?} is not named by lower-case words with hyphens"));
        }
        if !traits.what.chars().next().is_some_and(char::is_lowercase) || traits.what.ends_with('.') {
            wrong.push(format!("what it does, {:?}, cannot be read after \"it\"", traits.what));
        }
    }
    let told = explain(step);
    let texts =
        [told.what, told.why, told.mail, told.power_before, told.power_during, told.power_after, told.undo];
    if texts.iter().any(|text| text.trim().is_empty()) {
        wrong.push("its explanation has an empty line".to_owned());
    }
    wrong
}
