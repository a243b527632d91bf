//! Whoever is asked in a rehearsal: does what the plan's questions say, on any server and for any product.

use super::{eset, operation};
use crate::{SimHost, World, cases::eset::SETTINGS_PASSWORD};
use mailsec_core::{
    plan::{Choice, Operation, Plan},
    upgrade::{Gate, GateKind, State},
    values::{AccountName, Secret, ServerPath, Version},
};

/// Does what is asked, and has the program look again where it is in doubt; leaves everything else open.
#[must_use]
pub fn stand_in(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    match gate.why {
        GateKind::Planned => {}
        GateKind::InDoubt => return Some(Choice::Retry),
        _ => return None,
    }
    let plan = state.plan.as_ref()?;
    _ = host.change(|world| match operation(gate, state) {
        Some(Operation::CollectExport { file, .. }) => {
            _ = world.person_saves(file, b"<Rules><Rule name=\"a\" /></Rules>");
        }
        Some(Operation::RunInstaller { package, .. }) => install(world, plan, &package.path),
        _ => eset::at_the_window(
            world,
            gate,
            state,
            if is_protected(plan) { eset::signed } else { eset::unsigned },
        ),
    });
    Some(Choice::Done)
}

/// Whether a password protects the settings.
fn is_protected(plan: &Plan) -> bool {
    let mut secrets = plan.steps.iter().flat_map(|step| step.operation.secrets());
    secrets.any(|secret| secret.as_str() == SETTINGS_PASSWORD)
}

/// Runs the installer and gives it the account when it asks; not once more when the version is in place.
fn install(world: &mut World, plan: &Plan, package: &ServerPath) {
    let there = world.registry.installed().into_iter().any(|installed| {
        Version::parse(&installed.version).is_ok_and(|version| version == plan.to)
            && installed.name == plan.naming.after
    });
    if there {
        return;
    }
    let account: Option<&AccountName> = plan.steps.iter().find_map(|step| match &step.operation {
        Operation::VerifyServiceAccount { account, .. } => Some(account),
        _ => None,
    });
    let password =
        account.and_then(|account| world.vault.directory.get(&account.user().to_ascii_lowercase()));
    let password = password.map(Secret::new);
    _ = world.person_installs(package, account.zip(password.as_ref()));
}
