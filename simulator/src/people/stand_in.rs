//! Whoever is asked in a rehearsal: does what the plan's questions say, on any server and for any product.

use super::{done, eset, operation};
use crate::{SimHost, World, cases::eset::SETTINGS_PASSWORD};
use mailsec_core::{
    plan::{Choice, Operation, Plan},
    upgrade::{Gate, GateKind, State},
    values::{AccountName, Secret, ServerPath, Version},
};
use std::time::Duration;

/// Does what is asked, and has the program look again where it is in doubt; leaves everything else open.
#[must_use]
pub fn stand_in(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    match gate.why {
        GateKind::Planned => {}
        GateKind::InDoubt => return Some(Choice::Retry),
        _ => return None,
    }
    let plan = state.plan.as_ref()?;
    let installed = host.change(|world| match operation(gate, state) {
        Some(Operation::CollectExport { file, .. }) => {
            _ = world.person_saves(file, b"<Rules><Rule name=\"a\" /></Rules>");
            true
        }
        Some(Operation::RunInstaller { package, .. }) => install(world, plan, &package.path),
        _ => {
            let enables = if is_protected(plan) { eset::signed } else { eset::unsigned };
            eset::at_the_window(world, gate, state, enables);
            true
        }
    });
    // An installer that fails again and again is what going back is for.
    match installed {
        Ok(false) if gate.choices.contains(&Choice::RollBack) => Some(Choice::RollBack),
        Ok(false) => None,
        _ => Some(done(host, gate)),
    }
}

/// Whether a password protects the settings.
fn is_protected(plan: &Plan) -> bool {
    let mut secrets = plan.steps.iter().flat_map(|step| step.operation.secrets());
    secrets.any(|secret| secret.as_str() == SETTINGS_PASSWORD)
}

/// Times that a person tries an installer.
const TRIES: usize = 3;
/// What they wait in between: another installation may be running.
const PAUSE: Duration = Duration::from_secs(120);

/// Runs the installer and gives it the account when it asks; not once more when the version is in place. Answers whether
/// it is in the end.
fn install(world: &mut World, plan: &Plan, package: &ServerPath) -> bool {
    let account: Option<&AccountName> = plan.steps.iter().find_map(|step| match &step.operation {
        Operation::VerifyServiceAccount { account, .. } => Some(account),
        _ => None,
    });
    for _ in 0..TRIES {
        if is_installed(world, plan) {
            return true;
        }
        let known = |account: &AccountName| world.vault.directory.get(&account.user().to_ascii_lowercase());
        let password = account.and_then(known).map(Secret::new);
        _ = world.person_installs(package, account.zip(password.as_ref()));
        if !is_installed(world, plan) {
            _ = world.pass(PAUSE);
        }
    }
    is_installed(world, plan)
}

fn is_installed(world: &World, plan: &Plan) -> bool {
    world.registry.installed().into_iter().any(|installed| {
        installed.name == plan.naming.after
            && Version::parse(&installed.version).is_ok_and(|version| version == plan.to)
    })
}
