//! Going down and coming up again.

use super::{Due, World, content::Content, disk::key, registry::IN_PROGRESS, services};
use crate::fate::Fate;
use mailsec_core::{
    host::{Answer, BootIdentity, RegistryView, ServiceState, StartMode},
    values::ServerPath,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// From the moment the power goes off until Windows is up.
const DARK: Duration = Duration::from_secs(45);
/// From then until a service of ours would run; others are starting still.
const OUR_START: Duration = Duration::from_secs(5);
/// Services with delayed start wait this long.
const DELAYED_MS: u64 = 120_000;

/// A file that takes its place, or goes, at the next boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// The file.
    pub to: ServerPath,
    /// What will be in it; none when it will be removed.
    pub content: Option<Content>,
}

impl World {
    /// The identity of the present boot.
    #[must_use]
    pub fn boot_identity(&self) -> BootIdentity {
        BootIdentity(format!("sim-boot-{}", self.boots).into())
    }

    /// The machine comes up, whether or not it was down: what was under way is over, and automatic services start.
    /// When this returns, the slow ones are starting still.
    pub fn boot(&mut self) {
        self.processes.clear();
        self.agenda.clear();
        for name in self.services.keys().cloned().collect::<Vec<_>>() {
            self.switch_off(&name);
        }
        self.powered = true;
        self.machine_down = false;
        self.restart_requested = None;
        self.pending.clear();
        self.vault.installer.clear();
        self.faults.busy_until = None;
        if let Some(running) = self.installer.take() {
            if running.snapshot.is_some() {
                self.registry.set(RegistryView::Wide, IN_PROGRESS, "", running.package.to_string());
            }
            self.suspended = Some(running);
        }
        self.disk.unlock(|_| true);
        for Rename { to, content } in std::mem::take(&mut self.renames) {
            match content {
                Some(content) => self.disk.put(&to, content, self.now),
                None => _ = self.disk.files.remove(key(&to).as_str()),
            }
        }
        self.flow_to(self.now.after(DARK));
        self.boots += 1;
        self.log("EventLog", 6005, format!("The event log service was started; {}", self.boot_identity()));
        self.start_automatic();
        // Nothing of ours is under way, so nothing can be cut here.
        _ = self.advance(&mut Fate::calm(), OUR_START);
    }

    /// Only the process that runs the upgrade begins anew; where the machine itself went down, it boots first.
    pub fn restart_process(&mut self) {
        if self.machine_down {
            self.boot();
            return;
        }
        self.powered = true;
        _ = self.advance(&mut Fate::calm(), Duration::from_secs(2));
    }

    fn start_automatic(&mut self) {
        let mut due: BTreeMap<&Arc<str>, u64> = BTreeMap::new();
        for (name, service) in &self.services {
            let delay = match service.start {
                StartMode::Automatic => 0,
                StartMode::AutomaticDelayed => DELAYED_MS,
                StartMode::Manual | StartMode::Disabled => continue,
            };
            self.plan_start(name, delay, &mut due, &mut Vec::new());
        }
        let mut order: Vec<(u64, Arc<str>)> =
            due.into_iter().map(|(name, at)| (at, Arc::clone(name))).collect();
        order.sort();
        for (at, name) in order {
            if let Some(why) = self.log_on_trouble(&name) {
                self.log("Service Control Manager", 7038, format!("{name}: {why}"));
                if let Some(service) = self.services.get_mut(&name) {
                    service.trouble = Some(why);
                }
                continue;
            }
            if let Some(service) = self.services.get_mut(&name) {
                service.state = ServiceState::Starting;
            }
            self.schedule(at, Due::ServiceUp(name));
        }
    }

    /// When a service will be up: after all that it needs, which is started for it.
    fn plan_start<'w>(
        &'w self,
        name: &str,
        delay: u64,
        due: &mut BTreeMap<&'w Arc<str>, u64>,
        path: &mut Vec<&'w Arc<str>>,
    ) -> Option<u64> {
        let (name, service) = self.services.get_key_value(name)?;
        if service.start == StartMode::Disabled || path.contains(&name) {
            return None;
        }
        path.push(name);
        let needed = service.depends.iter().map(|needed| services::key(needed));
        let ready = needed.filter_map(|needed| self.plan_start(&needed, 0, due, path)).max().unwrap_or(0);
        path.pop();
        let at = ready.max(delay) + service.start_ms.max(1);
        let earliest = due.entry(name).or_insert(at);
        *earliest = at.min(*earliest);
        Some(*earliest)
    }

    pub(crate) fn ask_restart(&mut self, fate: &mut Fate, comment: &str) -> Answer<()> {
        let mut ignored = fate.choose("restart: happens", 2) == 1;
        if self.faults.restarts_ignored > 0 {
            self.faults.restarts_ignored -= 1;
            ignored = true;
        }
        if !ignored && self.restart_requested.is_none() {
            self.restart_requested = Some(comment.to_owned());
            self.log("User32", 1074, format!("a restart was initiated: {comment}"));
            self.schedule(5_000, Due::PowerOff);
        }
        Ok(())
    }
}
