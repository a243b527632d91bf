//! What matters of a server, as lines that can be compared. Time and process ids are not in it.

use mailsec_core::{
    plan::{Operation, Plan},
    values::Digest,
};
use mailsec_simulator::{
    Fate, World,
    world::{
        directory::SimUser,
        disk::{self, PARTIAL},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Event of an installation that was completed.
const INSTALLED: u32 = 11_707;

/// Files that are no part of the server's state.
pub(crate) struct Logs(BTreeSet<String>);

impl Logs {
    /// The logs of a plan's installers.
    pub(crate) fn of(plan: &Plan) -> Self {
        let log = |operation: &Operation| match operation {
            Operation::RunInstaller { log, .. } | Operation::Uninstall { log, .. } => Some(disk::key(log)),
            _ => None,
        };
        Self(plan.steps.iter().filter_map(|step| log(&step.operation)).collect())
    }
}

/// A server, looked at once everything under way has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look(BTreeMap<String, String>);

/// What of a look is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// All of it.
    All,
    /// Servers of two runs: a password that was made is another in each.
    TwoRuns,
    /// Without what nobody can bring back: a password that was set, and the account of what was installed.
    WayBack,
}

impl Look {
    pub(crate) fn of(world: &World, logs: &Logs) -> Self {
        let mut world = world.clone();
        _ = world.settle(&mut Fate::calm());
        let mut look = Self(BTreeMap::new());
        look.software(&world);
        look.services(&world);
        look.files(&world, logs);
        look.directory(&world);
        look
    }

    fn line(&mut self, what: String, text: impl Into<String>) {
        self.0.insert(what, text.into());
    }

    fn software(&mut self, world: &World) {
        for (view, keys) in [("64", &world.registry.wide), ("32", &world.registry.narrow)] {
            for key in keys.values() {
                for (name, value) in &key.values {
                    self.line(format!("registry ({view} bit) {}, {name}", key.name), value);
                }
            }
        }
        match world.agents() {
            Ok(agents) => {
                for agent in agents {
                    let text = format!(
                        "{}, {}, {}, {}",
                        if agent.enabled { "enabled" } else { "disabled" },
                        agent.priority,
                        agent.factory,
                        agent.assembly
                    );
                    self.line(format!("agent {}", agent.id), text);
                }
            }
            Err(failure) => self.line("agents".to_owned(), failure.to_string()),
        }
        let installed = world.events.iter().filter(|event| event.id == INSTALLED).count();
        self.line("installations completed".to_owned(), installed.to_string());
        // Of a program nothing is kept that could be taken back.
        let suspended = world.suspended.as_ref().is_some_and(|running| running.snapshot.is_some());
        self.line("installation suspended".to_owned(), suspended.to_string());
        for rename in &world.renames {
            self.line(format!("renamed at the next boot: {}", rename.to), "");
        }
        for sign in &world.pending {
            self.line(format!("restart pending: {}", sign.sign), &sign.detail);
        }
    }

    fn services(&mut self, world: &World) {
        for service in world.services.values() {
            let text = format!("{:?}, {:?}, {}", service.state, service.start, service.account);
            self.line(format!("service {}", service.name), text);
        }
        for (service, agents) in &world.loaded {
            let names: Vec<&str> = agents.iter().map(|agent| &*agent.name).collect();
            self.line(format!("agents loaded by {service}"), names.join(", "));
        }
        for (index, process) in world.processes.iter().enumerate() {
            self.line(format!("program {index}"), process.image.as_str());
        }
    }

    fn files(&mut self, world: &World, logs: &Logs) {
        // Agents are compared above; a file that is written under another name first is its port's business.
        let apart =
            |key: &str| logs.0.contains(key) || key.ends_with("agents.config") || key.ends_with(PARTIAL);
        for (key, file) in world.disk.files.iter().filter(|(key, _)| !apart(key)) {
            self.line(format!("file {key}"), format!("digest {}", file.content.digest().short()));
        }
    }

    fn directory(&mut self, world: &World) {
        for user in world.directory.users.values() {
            // As with services, when something was done last is no state: doing it again is another time.
            let user = SimUser { password_set: None, ..user.clone() };
            self.line(format!("account {}", user.name), format!("{user:?}"));
        }
        // Digests, never shown: what differs is said as "another password". One that the server made is another in every
        // run, so it is also told which.
        let vault = &world.vault;
        let made = |password: &str| {
            vault.generated.iter().find(|(_, other)| *other == password).map(|(name, _)| name.as_str())
        };
        for (whose, map) in
            [("account", &vault.directory), ("service", &vault.services), ("product", &vault.products)]
        {
            for (name, password) in map {
                let digest = Digest::of(password.as_bytes()).to_string();
                self.line(
                    format!("source of the password of {whose} {name}"),
                    made(password).unwrap_or(&digest),
                );
                self.line(format!("password of {whose} {name}"), digest.clone());
            }
        }
    }

    /// In what another look differs, a line each; at most a handful.
    pub(crate) fn differences(&self, after: &Self, compare: Compare) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(after.0.keys()).collect();
        names
            .into_iter()
            .filter(|name| self.0.get(*name) != after.0.get(*name))
            .filter(|name| match compare {
                Compare::All => true,
                Compare::TwoRuns => !name.starts_with("password of "),
                Compare::WayBack => {
                    !(name.contains("password of ") || name.starts_with("installations completed"))
                }
            })
            .map(|name| match (self.0.get(name), after.0.get(name)) {
                (Some(_), Some(_)) if name.contains("password of ") => format!("another {name}"),
                (None, Some(_)) if name.contains("password of ") => format!("{name} is there"),
                (Some(before), Some(after)) => format!("{name}: {before} -> {after}"),
                (None, Some(after)) => format!("{name} is there: {after}"),
                (_, None) => format!("{name} is gone"),
            })
            .take(5)
            .collect()
    }
}
