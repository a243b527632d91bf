//! The server as data.

pub mod act;
pub mod agents;
pub mod boot;
pub mod content;
pub mod directory;
pub mod disk;
pub mod eset;
pub mod installer;
pub mod mail;
pub(crate) mod packages;
pub mod process;
pub mod registry;
pub mod script;
pub mod services;
pub mod tool;
pub mod transport;
pub mod vault;

use crate::{fate::Fate, faults::Faults, shared::Shared};
use mailsec_core::{
    Code, Failure,
    host::{Answer, PendingRestart},
    values::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// 2026-03-01T01:00:00Z, a Sunday night: when every world begins.
pub const BEGINNING: i64 = 1_772_326_800_000;

/// Something that will happen by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// A service that is starting has started, or not.
    ServiceUp(Arc<str>),
    /// A service that is stopping has stopped.
    ServiceDown(Arc<str>),
    /// A service dies, if it runs then.
    ServiceDies(Arc<str>),
    /// The running installer's next stage.
    Installer,
    /// The machine goes down; a restart that was asked for, or one that was not.
    PowerOff,
}

/// When something will happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Due,
}

/// A line of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimEvent {
    /// When.
    pub at: Timestamp,
    /// Who wrote it.
    pub source: String,
    /// Its number.
    pub id: u32,
    /// What it says.
    pub text: String,
}

/// A mail server. Everything in it is data; it can be copied, compared and written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The server's name.
    pub server: String,
    /// The time now.
    pub now: Timestamp,
    /// When this world began.
    pub born: Timestamp,
    /// Whether the server answers. Without power no port does.
    pub powered: bool,
    /// Whether the machine itself went down, and not only the process that runs the upgrade.
    pub machine_down: bool,
    /// How many times it has booted.
    pub boots: u32,
    /// A restart was asked for, with this comment, and has not happened yet.
    pub restart_requested: Option<String>,
    /// Signs that Windows wants a restart.
    pub pending: Vec<PendingRestart>,
    /// Files that take their place at the next boot.
    pub renames: Vec<boot::Rename>,
    /// What will happen by itself.
    pub agenda: Vec<Entry>,
    /// By short name in lower case.
    pub services: Shared<BTreeMap<Arc<str>, Shared<services::SimService>>>,
    /// The agents that each running transport service has loaded.
    pub loaded: Shared<BTreeMap<String, Vec<transport::Loaded>>>,
    /// Mail.
    pub mail: mail::MailModel,
    /// Files.
    pub disk: disk::Disk,
    /// The registry.
    pub registry: registry::SimRegistry,
    /// The directory.
    pub directory: Shared<directory::SimDirectory>,
    /// Programs that no service runs.
    pub processes: Vec<process::SimProcess>,
    /// The next process id.
    pub next_pid: u32,
    /// The installer that runs.
    pub installer: Option<installer::Running>,
    /// An installation that a power cut interrupted.
    pub suspended: Option<installer::Running>,
    /// What the installer that ended last said.
    pub last_exit: Option<i32>,
    /// How to remove what is installed, by product code.
    pub removals: Shared<BTreeMap<String, Shared<Vec<script::Stage>>>>,
    /// What will go wrong.
    pub faults: Faults,
    /// The event log.
    pub events: Vec<SimEvent>,
    /// Passwords.
    pub vault: Shared<vault::Vault>,
}

/// What every port answers while the power is off.
#[must_use]
pub fn lost_power() -> Failure {
    Failure::new(Code::World, "the server lost power")
}

impl World {
    /// An empty machine with a drive `C:` and power.
    #[must_use]
    pub fn new(server: &str) -> Self {
        let now = Timestamp::from_millis(BEGINNING);
        Self {
            server: server.to_owned(),
            now,
            born: now,
            powered: true,
            machine_down: false,
            boots: 1,
            restart_requested: None,
            pending: Vec::new(),
            renames: Vec::new(),
            agenda: Vec::new(),
            services: Shared::default(),
            loaded: Shared::default(),
            mail: mail::MailModel::new(2_000, BEGINNING),
            disk: disk::Disk::new(64 << 30),
            registry: registry::SimRegistry::default(),
            directory: Shared::default(),
            processes: Vec::new(),
            next_pid: 1_000,
            installer: None,
            suspended: None,
            last_exit: None,
            removals: Shared::default(),
            faults: Faults::default(),
            events: Vec::new(),
            vault: Shared::default(),
        }
    }

    /// Fails while the power is off.
    ///
    /// # Errors
    /// [`Code::World`].
    pub fn powered(&self) -> Answer<()> {
        if self.powered { Ok(()) } else { Err(lost_power()) }
    }

    /// Whatever happens within this time happens, mail included.
    ///
    /// # Errors
    /// [`Code::World`] when the power goes off meanwhile.
    pub fn advance(&mut self, fate: &mut Fate, by: Duration) -> Answer<()> {
        self.powered()?;
        let mut end = self.now.after(by);
        while let Some(index) = self.next_due().filter(|index| self.agenda[*index].at <= end) {
            let entry = self.agenda.remove(index);
            let took = entry.at.since(self.now);
            self.flow_to(entry.at);
            let here = self.now.millis();
            self.happen(fate, entry.what)?;
            // Somebody who sets the clock meanwhile makes nobody wait longer, or shorter.
            end = Timestamp::from_millis(end.millis() + self.now.millis() - here);
            self.powered()?;
            fate.passed(self, took)?;
        }
        let took = end.since(self.now);
        self.flow_to(end);
        fate.passed(self, took)
    }

    fn happen(&mut self, fate: &mut Fate, what: Due) -> Answer<()> {
        match what {
            Due::ServiceUp(service) => self.service_up(&service),
            Due::ServiceDown(service) => self.service_down(&service),
            Due::ServiceDies(service) => {
                self.log(
                    "Service Control Manager",
                    7034,
                    format!("The {service} service terminated unexpectedly."),
                );
                self.take_down(&service);
            }
            Due::Installer => self.run_stage(fate)?,
            Due::PowerOff => {
                self.machine_down = true;
                self.lose_power();
                fate.save(self)?;
            }
        }
        Ok(())
    }

    /// Lets everything that is under way come to its end, for at most an hour.
    ///
    /// # Errors
    /// [`Code::World`] when the power goes off meanwhile.
    pub fn settle(&mut self, fate: &mut Fate) -> Answer<()> {
        let end = self.now.after(Duration::from_secs(3_600));
        while let Some(at) = self.next_due().map(|index| self.agenda[index].at).filter(|at| *at <= end) {
            self.advance(fate, at.since(self.now))?;
        }
        Ok(())
    }

    /// The earliest entry of the agenda; the one that was added first where two are due at once.
    pub(crate) fn next_due(&self) -> Option<usize> {
        self.agenda.iter().enumerate().min_by_key(|(index, entry)| (entry.at, *index)).map(|(index, _)| index)
    }

    pub(crate) fn schedule(&mut self, in_ms: u64, what: Due) {
        let at = self.now.after(Duration::from_millis(in_ms));
        self.agenda.push(Entry { at, what });
    }

    /// Somebody sets the clock. What will happen by itself happens as soon as before; what is written down keeps the
    /// time that it was written with.
    pub fn set_clock(&mut self, by_ms: i64) {
        let moved = |at: Timestamp| Timestamp::from_millis(at.millis().saturating_add(by_ms));
        self.now = moved(self.now);
        for entry in &mut self.agenda {
            entry.at = moved(entry.at);
        }
        self.faults.busy_until = self.faults.busy_until.map(moved);
        self.mail.next_ms = self.mail.next_ms.saturating_add(by_ms);
    }

    /// The power goes off. What was done stays done.
    pub fn lose_power(&mut self) {
        self.powered = false;
    }

    pub(crate) fn flow_to(&mut self, to: Timestamp) {
        if to > self.now {
            self.mail.pass(self.now.millis(), to.millis());
            self.now = to;
        }
    }

    pub(crate) fn log(&mut self, source: &str, id: u32, text: impl Into<String>) {
        self.events.push(SimEvent { at: self.now, source: source.to_owned(), id, text: text.into() });
    }

    pub(crate) fn take_pid(&mut self) -> u32 {
        self.next_pid += 4;
        self.next_pid
    }
}
