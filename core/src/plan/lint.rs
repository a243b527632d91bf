//! Rules that every plan keeps, whoever made it.

use super::{MailState, NodeRole, Operation, Phase, Plan, RestartWhen, Step, Undo, UnscannedPolicy};
use crate::failure::{Code, Failure};
use std::collections::BTreeSet;

/// Checks a plan against the rules. An empty answer means that it may run.
#[must_use]
pub fn lint(plan: &Plan) -> Vec<Failure> {
    let mut broken = Vec::new();
    let mut say = |rule: &str, found: String, hint: &str| {
        broken.push(
            Failure::new(Code::PlanLint, format!("the plan breaks the rule \"{rule}\""))
                .found(found)
                .hint(hint),
        );
    };
    names(plan, &mut say);
    order(plan, &mut say);
    references(plan, &mut say);
    part_in_cluster(plan, &mut say);
    checklists(plan, &mut say);
    elsewhere(plan, &mut say);
    super::cluster_lint::lint(plan, &mut say);
    mail(plan, &mut say);
    broken
}

type Say<'a> = dyn FnMut(&str, String, &str) + 'a;

fn names(plan: &Plan, say: &mut Say<'_>) {
    let mut seen = BTreeSet::new();
    for step in &plan.steps {
        let name = step.id.as_str();
        let words = !name.is_empty()
            && name.len() <= 48
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !words {
            say("names are lower-case words with hyphens", format!("step {name:?}"), "rename the step");
        }
        if !seen.insert(&step.id) {
            say("names are unique", format!("step {name:?} twice"), "rename one of them");
        }
        if step.title.is_empty() || step.reason.is_empty() {
            say(
                "every step says what it does and why",
                format!("step {name:?}"),
                "give it a title and a reason",
            );
        }
        if step.limit_secs == 0 || step.retry.attempts == 0 {
            say("every step has a time limit and at least one try", format!("step {name:?}"), "set them");
        }
        if let Operation::Vendor { traits, .. } = &step.operation
            && traits.asks
            && !traits.looks
        {
            say(
                "a vendor's step that asks a person only looks at what was done",
                format!("step {name:?}"),
                "let a step of its own change the server",
            );
        }
        if step.operation.only_looks() && step.undo == Undo::Reverse {
            say(
                "a step that only looks has nothing to undo",
                format!("step {name:?}"),
                "set its undo to nothing",
            );
        }
        if !step.operation.only_looks() && step.undo == Undo::Nothing && !is_restart(step) {
            say(
                "a step that changes the server is undone, or says why not",
                format!("step {name:?}"),
                "set its undo to reverse, or to keep with the reason",
            );
        }
    }
    if plan.steps.is_empty() {
        say("a plan has steps", "none".to_owned(), "there is nothing to do");
    }
    if !plan.steps.windows(2).all(|pair| pair[0].phase.may_precede(pair[1].phase)) {
        say("phases come in their order", phases(plan), "move the steps");
    }
    if plan.steps.iter().filter(|step| step.no_return).count() > 1 {
        say(
            "there is one point of no return",
            phases(plan),
            "mark only the first step that cannot be undone",
        );
    }
}

fn order(plan: &Plan, say: &mut Say<'_>) {
    let first =
        |wanted: &dyn Fn(&Operation) -> bool| plan.steps.iter().position(|step| wanted(&step.operation));
    let detach = first(&|op| matches!(op, Operation::UnregisterAgents { .. } | Operation::HoldMail { .. }));
    let changes_files =
        first(&|op| matches!(op, Operation::RunInstaller { .. } | Operation::Uninstall { .. }));
    let uninstall = first(&|op| matches!(op, Operation::Uninstall { .. }));
    let proves_export =
        |op: &Operation| matches!(op, Operation::Vendor { traits, .. } if traits.proves_export);
    let backup = first(&|op| matches!(op, Operation::BackUpTree { .. }) || proves_export(op));
    let installs = plan.steps.iter().any(|step| matches!(step.operation, Operation::RunInstaller { .. }));
    let left_out = |what: &str| plan.choices.left_out.iter().any(|(name, _)| name == what);

    if let Some(line) = detach.or(changes_files) {
        if backup.is_none_or(|backup| backup > line) && !left_out("back-up") {
            say(
                "a backup before anything is detached",
                format!("step {} comes first", plan.steps[line].id),
                "back up the settings, or leave it out by an explicit choice",
            );
        }
        let package = first(&|op| matches!(op, Operation::CheckPackage { .. }));
        if installs && package.is_none_or(|check| check > line) {
            say(
                "the installer is checked before anything is detached",
                format!("step {} comes first", plan.steps[line].id),
                "check the package in the survey",
            );
        }
    }
    if let Some(install) = changes_files {
        let unregister = first(&|op| matches!(op, Operation::UnregisterAgents { .. }));
        if !plan.scanners.is_empty() && unregister.is_none_or(|unregister| unregister > install) {
            say(
                "agents are unregistered before files change",
                format!("step {} comes first", plan.steps[install].id),
                "unregister the agents in the detach phase",
            );
        }
        let closes = first(&|op| matches!(op, Operation::RegisterAgents { .. }));
        if unregister.is_some() && closes.is_none_or(|register| register < install) {
            say("agents that were unregistered are registered again", phases(plan), "add the attach phase");
        }
    }
    if let Some(uninstall) = uninstall {
        let export = first(&proves_export);
        if export.is_none_or(|export| export > uninstall) {
            say(
                "the export is proven before an uninstall",
                format!("step {} comes first", plan.steps[uninstall].id),
                "export the settings and prove the export",
            );
        }
    }
    if let Some(line) = plan.steps.iter().position(|step| step.no_return) {
        let proven = first(&|op| matches!(op, Operation::ProveCredentials { .. }));
        if uses_account(plan) && proven.is_none_or(|proven| proven > line) {
            say(
                "credentials are proven before the point of no return",
                format!("step {} comes first", plan.steps[line].id),
                "prove the credentials in the prepare phase",
            );
        }
        if !plan.steps[line..].iter().any(|step| step.operation.proves_version()) {
            say("the new version is verified", "no such step".to_owned(), "add it after the installer");
        }
    }
}

/// Whether the product's service logs on with an account, which its installer then asks for.
fn uses_account(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| {
        matches!(
            step.operation,
            Operation::ReadServiceAccount { .. }
                | Operation::CheckAccount { .. }
                | Operation::CreateAccount { .. }
                | Operation::ResetPassword { .. }
                | Operation::SetServiceLogOn { .. }
        )
    })
}

fn references(plan: &Plan, say: &mut Say<'_>) {
    for (index, step) in plan.steps.iter().enumerate() {
        let target = match &step.operation {
            Operation::UnregisterAgents { snapshot }
            | Operation::RegisterAgents { snapshot, .. }
            | Operation::VerifyAgents { snapshot } => Some(snapshot),
            Operation::ReleaseMail { hold, .. } => Some(hold),
            Operation::Restart { when: RestartWhen::NeededBy(installer) } => Some(installer),
            _ => None,
        };
        if let Operation::RegisterAgents { located: Some(found), .. } = &step.operation
            && plan.index(found).is_none_or(|at| at >= index)
        {
            say(
                "a step refers to an earlier one",
                format!("{} refers to {found}", step.id),
                "correct the name",
            );
        }
        if let Some(target) = target
            && plan.index(target).is_none_or(|at| at >= index)
        {
            say(
                "a step refers to an earlier one",
                format!("{} refers to {target}", step.id),
                "correct the name",
            );
        }
    }
}

fn part_in_cluster(plan: &Plan, say: &mut Say<'_>) {
    let imports = |op: &Operation| matches!(op, Operation::Vendor { traits, .. } if traits.imports);
    if let (Some(NodeRole::Other), Some(step)) =
        (plan.role, plan.steps.iter().find(|step| imports(&step.operation)))
    {
        say(
            "only the first node of a cluster imports the configuration",
            format!("step {}", step.id),
            "make the plan again with --node-role other",
        );
    }
}

fn checklists(plan: &Plan, say: &mut Say<'_>) {
    for step in &plan.steps {
        let Some(question) = step.operation.question() else { continue };
        let names: BTreeSet<_> = question.items.iter().map(|item| &item.id).collect();
        if names.len() < question.items.len() {
            say(
                "items of a checklist have names of their own",
                format!("step {}", step.id),
                "rename one of them",
            );
        }
        if question.clone().fitted() != *question {
            say("a checklist fits into one gate", format!("step {}", step.id), "ask at several gates");
        }
    }
}

/// A plan is for this machine or for others: what is known of mail, restarts and the way back differs.
fn elsewhere(plan: &Plan, say: &mut Say<'_>) {
    if !plan.is_elsewhere() {
        return;
    }
    for step in &plan.steps {
        if !step.operation.is_elsewhere() && !matches!(step.operation, Operation::Gate { .. }) {
            say(
                "a plan acts here or elsewhere, not both",
                format!("step {} acts here", step.id),
                "make it a plan of its own",
            );
        }
        if step.mail.is_some() {
            say(
                "a plan that acts elsewhere says nothing of mail",
                format!("step {}", step.id),
                "leave its mail impact out: nobody sees it",
            );
        }
    }
}

fn mail(plan: &Plan, say: &mut Say<'_>) {
    let mut state = MailState::GOOD;
    for step in &plan.steps {
        let touches = matches!(step.operation, Operation::HoldMail { .. } | Operation::ReleaseMail { .. })
            || matches!(&step.operation, Operation::RestartService { service } | Operation::StopService { service } | Operation::StartService { service }
            if service.same(&crate::host::ServiceName::transport()));
        match step.mail {
            None if touches => say(
                "every step that touches mail says what it does to it",
                format!("step {}", step.id),
                "give it a mail impact",
            ),
            Some(impact) => {
                if impact.limit_secs == 0 {
                    say("every step that touches mail has a limit", format!("step {}", step.id), "set it");
                }
                state = impact.after;
                if plan.choices.unscanned == UnscannedPolicy::Hold
                    && (impact.during.same(MailState::UNSCANNED) || impact.after.same(MailState::UNSCANNED))
                {
                    say(
                        "with mail held, none flows unscanned",
                        format!("step {}", step.id),
                        "hold mail around the detached time",
                    );
                }
            }
            None => {}
        }
    }
    if !state.same(MailState::GOOD) {
        say("mail flows, scanned, at the end", format!("it is {state}"), "release mail in the attach phase");
    }
    let (stopped, unscanned) = plan.typical_mail();
    if stopped > plan.budget.stopped_secs || unscanned > plan.budget.unscanned_secs {
        say(
            "the mail budget covers what the steps typically take",
            format!(
                "held or down {stopped} s of at most {} s, unscanned {unscanned} s of at most {} s",
                plan.budget.stopped_secs, plan.budget.unscanned_secs
            ),
            "raise --max-stopped or --max-unscanned, or leave them out",
        );
    }
    if plan.steps.iter().any(|step| step.mail.is_some() && step.phase < Phase::Prepare) {
        say("mail is not touched before the prepare phase", phases(plan), "move the step");
    }
}

fn is_restart(step: &Step) -> bool {
    matches!(step.operation, Operation::Restart { .. })
}

fn phases(plan: &Plan) -> String {
    plan.steps.iter().map(|step| format!("{} ({})", step.id, step.phase)).collect::<Vec<_>>().join(", ")
}
