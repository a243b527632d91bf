//! A person at a server with ESET's product.

use super::operation;
use mailsec_core::{
    plan::{Choice, Operation},
    upgrade::{Gate, GateKind, State},
    values::ServerPath,
};
use mailsec_simulator::{
    SimHost, World,
    world::eset::SETTINGS_PASSWORD,
    worlds::eset::{NAME, PASSWORD},
};

/// Does what the plan asks; nothing is signed, and the fresh product takes files as they are.
#[must_use]
pub fn obliging(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    helps(host, gate, state, |world, _| world.person_enables_commands(false))
}

/// As [`obliging`]; the fresh product is protected again, and takes signed files only.
#[must_use]
pub fn signing(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    helps(host, gate, state, |world, file| {
        world.vault.products.insert(SETTINGS_PASSWORD.to_owned(), PASSWORD.to_owned());
        world.person_enables_commands(true);
        if let Some(file) = file {
            _ = world.person_signs(file);
        }
    })
}

fn helps(
    host: &SimHost,
    gate: &Gate,
    state: &State,
    enable: fn(&mut World, Option<&ServerPath>),
) -> Option<Choice> {
    match gate.why {
        GateKind::Planned => {}
        GateKind::InDoubt => return Some(Choice::Retry),
        _ => return None,
    }
    _ = host.change(|world| match operation(gate, state) {
        Some(Operation::Vendor { name, arguments, .. }) if name == "collect-settings" => {
            if let Some(file) = arguments.get("file") {
                _ = world.person_exports(&ServerPath::new(file));
            }
        }
        // Not once more when it is in place.
        Some(Operation::RunInstaller { package, .. }) if world.installed_version(NAME).is_none() => {
            _ = world.person_installs(&package.path, None);
        }
        Some(Operation::Gate { .. }) => enable(world, import_file(state).as_ref()),
        _ => {}
    });
    Some(Choice::Done)
}

/// The file that the plan imports.
#[must_use]
pub fn import_file(state: &State) -> Option<ServerPath> {
    state.plan_steps().iter().find_map(|step| match &step.operation {
        Operation::Vendor { name, arguments, .. } if name == "import-settings" => {
            arguments.get("file").map(ServerPath::new)
        }
        _ => None,
    })
}
