//! A person at a server with ESET's product.

use super::{done, operation};
use crate::{
    SimHost, World,
    world::eset::{SETTINGS_PASSWORD, SimSettings},
    worlds::eset::{NAME, PASSWORD},
};
use mailsec_core::{
    plan::{Choice, Operation, Snapshot},
    upgrade::{Gate, GateKind, State},
    values::{ServerPath, StepId},
};

/// How a person lets the fresh product take settings.
pub(super) type Enables = fn(&mut World, Option<&ServerPath>);

/// Files are taken as they are.
pub(super) fn unsigned(world: &mut World, _: Option<&ServerPath>) {
    world.person_enables_commands(false);
}

/// The product is protected again, and takes signed files only: the file is signed.
pub(super) fn signed(world: &mut World, file: Option<&ServerPath>) {
    world.vault.products.insert(SETTINGS_PASSWORD.to_owned(), PASSWORD.to_owned());
    world.person_enables_commands(true);
    if let Some(file) = file {
        _ = world.person_signs(file);
    }
}

/// Does what the plan asks; nothing is signed, and the fresh product takes files as they are.
#[must_use]
pub fn obliging(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    helps(host, gate, state, unsigned)
}

/// As [`obliging`]; the fresh product is protected again, and takes signed files only.
#[must_use]
pub fn signing(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    helps(host, gate, state, signed)
}

fn helps(host: &SimHost, gate: &Gate, state: &State, enables: Enables) -> Option<Choice> {
    match gate.why {
        GateKind::Planned => {}
        GateKind::InDoubt => return Some(Choice::Retry),
        _ => return None,
    }
    _ = host.change(|world| match operation(gate, state) {
        // Not once more when it is in place.
        Some(Operation::RunInstaller { package, .. }) if world.installed_version(NAME).is_none() => {
            _ = world.person_installs(&package.path, None);
        }
        _ => at_the_window(world, gate, state, enables),
    });
    Some(done(host, gate))
}

/// What is done in the product's window.
pub(super) fn at_the_window(world: &mut World, gate: &Gate, state: &State, enables: Enables) {
    match operation(gate, state) {
        Some(Operation::Vendor { name, arguments, .. }) if name == "collect-settings" => {
            if let Some(file) = arguments.get("file") {
                _ = world.person_exports(&ServerPath::new(file));
            }
        }
        Some(Operation::Gate { .. }) if gate.id.to_string().starts_with("enable-import") => {
            enables(world, import_file(state).as_ref());
        }
        // The cluster gives the node what its nodes have in common, and the person sets up the rest: all of what this
        // node had before, as the nodes were alike.
        Some(Operation::Gate { .. }) if gate.id.to_string().starts_with("join-cluster") => {
            let before =
                exported(state).and_then(|file| SimSettings::parse(world.disk.read(&file).ok()?.text()?));
            if let Some(before) = before {
                _ = world.person_sets_up(|settings| *settings = settings.with(&before, |_| true));
            }
        }
        _ => {}
    }
}

/// The export from before.
fn exported(state: &State) -> Option<ServerPath> {
    let Snapshot::Vendor { files, .. } = state.output(&StepId::new("export-settings"))? else { return None };
    files.get("export").map(|file| file.path.clone())
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
