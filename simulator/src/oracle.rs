//! What must be true of a world whatever happened in it.

use crate::world::World;
use mailsec_core::{
    host::{Answer, ServiceState, TransportService},
    values::ServerPath,
};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What matters of a world, as lines that can be compared: products, agents, services, settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture(pub BTreeMap<String, String>);

/// One thing that differs between two pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What, for example `agent Hub/X`.
    pub what: String,
    /// Before; none when it was not there.
    pub before: Option<String>,
    /// After; none when it is gone.
    pub after: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| "(none)".to_owned());
        write!(f, "{}: {} -> {}", self.what, shown(&self.before), shown(&self.after))
    }
}

/// Takes the picture; `settings` is a folder whose files are compared by digest.
#[must_use]
pub fn picture(world: &World, settings: &ServerPath) -> Picture {
    let mut lines = BTreeMap::new();
    for package in world.registry.installed() {
        lines.insert(format!("product {}", package.name), package.version);
    }
    match world.agents() {
        Ok(agents) => {
            for agent in agents {
                let state = if agent.enabled { "enabled" } else { "disabled" };
                let text = format!("{state}, {}, {}, {}", agent.priority, agent.factory, agent.assembly);
                lines.insert(format!("agent {}/{}", agent.id.service, agent.id.name), text);
            }
        }
        Err(failure) => {
            lines.insert("agents".to_owned(), failure.to_string());
        }
    }
    for service in world.services.values() {
        let text = format!("{:?}, {:?}, {}", service.state, service.start, service.account);
        lines.insert(format!("service {}", service.name), text);
    }
    for file in world.disk.below(settings) {
        let name = file.path.below(settings).unwrap_or_default().to_owned();
        lines.insert(format!("setting {name}"), file.content.digest().to_string());
    }
    Picture(lines)
}

/// What differs, sorted by what it is.
#[must_use]
pub fn differences(before: &Picture, after: &Picture) -> Vec<Difference> {
    let mut names: Vec<&String> = before.0.keys().chain(after.0.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| before.0.get(*name) != after.0.get(*name))
        .map(|name| Difference {
            what: name.clone(),
            before: before.0.get(name).cloned(),
            after: after.0.get(name).cloned(),
        })
        .collect()
}

/// No message is lost or refused, and every one is accounted for.
///
/// # Errors
/// Says what is wrong.
pub fn no_mail_lost(world: &World) -> Result<(), String> {
    let mail = &world.mail;
    match () {
        () if !mail.adds_up() => Err(format!("the mail account does not add up: {mail:?}")),
        () if mail.lost > 0 => Err(format!("{} messages lost", mail.lost)),
        () if mail.refused > 0 => Err(format!("{} messages refused", mail.refused)),
        () => Ok(()),
    }
}

/// No message was delivered unscanned.
///
/// # Errors
/// Says how many were.
pub fn none_unscanned(world: &World) -> Result<(), String> {
    match world.mail.delivered_unscanned {
        0 => Ok(()),
        count => Err(format!("{count} messages delivered unscanned in {} ms", world.mail.unscanned_ms)),
    }
}

/// Transport would start now: every agent that is registered and enabled has its assembly.
///
/// # Errors
/// The agents that have none, or why that cannot be read.
pub fn transport_can_start(world: &World) -> Result<(), String> {
    let agents = world.agents().map_err(|failure| failure.to_string())?;
    let stray: Vec<String> = agents
        .into_iter()
        .filter(|agent| agent.enabled && !world.disk.has_file(&agent.assembly))
        .map(|agent| format!("{} has no {}", agent.id, agent.assembly))
        .collect();
    if stray.is_empty() { Ok(()) } else { Err(stray.join("; ")) }
}

/// Transport runs with the very agents that are registered and enabled.
///
/// # Errors
/// Says what is not so.
pub fn transport_in_effect(world: &World) -> Result<(), String> {
    let service = world.service("MSExchangeTransport").map_err(|failure| failure.to_string())?;
    if service.state != ServiceState::Running {
        return Err(format!("transport is {:?}", service.state));
    }
    let rows = enabled(world).map_err(|failure| failure.to_string())?;
    let loaded: Vec<(Arc<str>, ServerPath)> = world
        .loaded
        .get("msexchangetransport")
        .map(|agents| agents.iter().map(|agent| (agent.name.clone(), agent.assembly.clone())).collect())
        .unwrap_or_default();
    if rows == loaded { Ok(()) } else { Err(format!("registered {rows:?}, loaded {loaded:?}")) }
}

fn enabled(world: &World) -> Answer<Vec<(Arc<str>, ServerPath)>> {
    let rows = world.agent_rows(TransportService::Hub)?;
    Ok(rows.iter().filter(|row| row.enabled).map(|row| (row.name.clone(), row.assembly.clone())).collect())
}

/// None of the world's passwords is in a text, such as a journal or a log.
///
/// # Errors
/// Says how many are, and shows none of them.
pub fn no_password_in(world: &World, text: &str) -> Result<(), String> {
    match world.vault.all().filter(|password| !password.is_empty() && text.contains(*password)).count() {
        0 => Ok(()),
        count => Err(format!("{count} passwords of the world are in the text")),
    }
}

/// Every service that logs on with an account of the directory has the password that the directory has.
///
/// # Errors
/// The services that could not log on at their next start.
pub fn accounts_work(world: &World) -> Result<(), String> {
    let domain = format!("{}\\", world.directory.domain.to_lowercase());
    let stale: Vec<&str> = world
        .services
        .iter()
        .filter(|(key, service)| {
            let account = service.account.to_lowercase();
            let user = account.strip_prefix(&domain);
            user.is_some_and(|user| {
                let known = world.vault.directory.get(user);
                known.is_none() || known != world.vault.services.get(&***key)
            })
        })
        .map(|(_, service)| service.name.as_str())
        .collect();
    match stale.as_slice() {
        [] => Ok(()),
        names => Err(format!("could not log on at their next start: {}", names.join(", "))),
    }
}
