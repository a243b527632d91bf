//! The tenant: users, devices, tasks and their runs.

use crate::trouble::{Moment, Route, Trouble};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The interface's user.
pub const USER: &str = "api@lab.example";
/// The user's password.
pub const PASSWORD: &str = "Lab-Connect-Passw0rd!";

/// A managed device.
#[derive(Clone, Debug)]
pub struct LabDevice {
    /// Its identity.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// The version of its mail security.
    pub version: String,
    /// Its status.
    pub status: String,
    /// When it was last seen.
    pub seen: String,
    /// How often runs must be listed before its run ends. `None`: it is switched off and never begins one.
    pub looks: Option<u32>,
    /// Why its run fails.
    pub fails: Option<String>,
    /// The version that a finished installation leaves.
    pub becomes: String,
}

/// A task, and what came of it.
#[derive(Clone, Debug)]
pub struct LabTask {
    /// Its identity.
    pub uuid: String,
    /// As it was sent.
    pub sent: Value,
    /// How often its runs were listed.
    pub looks: u32,
    /// The devices that have begun it.
    pub begun: BTreeSet<String>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which call.
    pub route: Route,
    /// Its path and query.
    pub target: String,
    /// By which name a pending answer was asked for.
    pub response: Option<String>,
    /// The token's first characters, where there was one.
    pub token: Option<String>,
}

type Hook = Box<dyn FnMut(&Seen, Moment) + Send>;

/// All that the server has.
pub struct Tenant {
    /// Its devices.
    pub devices: Vec<LabDevice>,
    /// Its tasks.
    pub tasks: Vec<LabTask>,
    /// Every request.
    pub seen: Vec<Seen>,
    /// Tasks that were created, answers with an old one not counted.
    pub created: u32,
    /// Whether a task of another name counts as the same configuration.
    pub names_do_not_count: bool,
    /// Entries of a page at most.
    pub page: usize,
    /// Seconds that a token is said to last.
    pub token_lasts: u64,
    /// Whether a refresh token is given.
    pub gives_refresh: bool,
    /// Whether a refused log-on repeats what it was sent.
    pub repeats_password: bool,
    /// Called at each request; may block, and so hold the client where it is.
    pub hook: Option<Hook>,
    script: VecDeque<(Route, u32, Trouble)>,
    pub(crate) tokens: Vec<String>,
    pub(crate) refreshes: Vec<String>,
    pub(crate) pending: BTreeMap<String, (u32, Value)>,
    issued: u64,
}

impl Tenant {
    pub(crate) fn new(devices: &[&str]) -> Self {
        let devices = devices.iter().enumerate().map(|(at, name)| LabDevice::new(at, name)).collect();
        Self {
            devices,
            tasks: Vec::new(),
            seen: Vec::new(),
            created: 0,
            names_do_not_count: false,
            page: 2,
            token_lasts: 3600,
            gives_refresh: true,
            repeats_password: false,
            hook: None,
            script: VecDeque::new(),
            tokens: Vec::new(),
            refreshes: Vec::new(),
            pending: BTreeMap::new(),
            issued: 0,
        }
    }

    /// From now on this happens to the next so many calls of this kind.
    pub fn will(&mut self, route: Route, times: u32, trouble: Trouble) {
        if times > 0 {
            self.script.push_back((route, times, trouble));
        }
    }

    pub(crate) fn trouble(&mut self, route: Route) -> Option<Trouble> {
        let at = self.script.iter().position(|(of, ..)| *of == route)?;
        let (_, times, trouble) = self.script.get_mut(at)?;
        let trouble = trouble.clone();
        *times -= 1;
        if *times == 0 {
            self.script.remove(at);
        }
        Some(trouble)
    }

    /// Every token that was given is good no longer.
    pub fn end_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Refresh tokens neither.
    pub fn end_refreshes(&mut self) {
        self.refreshes.clear();
    }

    /// How often a call came.
    #[must_use]
    pub fn calls(&self, route: Route) -> usize {
        self.seen.iter().filter(|seen| seen.route == route).count()
    }

    /// A device by its name.
    ///
    /// # Panics
    /// When there is none: the test is wrong.
    #[expect(clippy::expect_used, reason = "for tests")]
    pub fn device(&mut self, name: &str) -> &mut LabDevice {
        self.devices.iter_mut().find(|device| device.name == name).expect("a device of that name")
    }

    pub(crate) fn name(&mut self, what: &str) -> String {
        self.issued += 1;
        format!("{what}-{:04}", self.issued)
    }

    /// Takes a task in; the one that is there already when it is configured alike.
    pub(crate) fn create(&mut self, sent: &Value) -> Value {
        let config = |task: &Value| {
            let mut task = task.clone();
            if let Some(fields) = task.as_object_mut() {
                fields.remove("triggers");
                if self.names_do_not_count {
                    fields.remove("displayName");
                    fields.remove("description");
                }
            }
            task
        };
        if let Some(same) = self.tasks.iter().find(|task| config(&task.sent) == config(sent)) {
            return same.json();
        }
        self.created += 1;
        let uuid = format!("00000000-0000-4000-8000-{:012}", self.tasks.len() + 1);
        let task = LabTask { uuid, sent: sent.clone(), looks: 0, begun: BTreeSet::new() };
        let json = task.json();
        self.tasks.push(task);
        json
    }

    /// The last runs of a task; looking lets time pass for it.
    pub(crate) fn runs(&mut self, uuid: &str) -> Option<Vec<Value>> {
        let task = self.tasks.iter_mut().find(|task| task.uuid == uuid)?;
        task.looks += 1;
        let looks = task.looks;
        let restarts = task.sent["action"]["name"] == "ShutdownComputer";
        let mut runs = Vec::new();
        for device in &mut self.devices {
            let targets = task.sent["targets"]["devicesUuids"].as_array();
            let Some(needed) = device.looks else { continue };
            if !targets.is_some_and(|all| all.iter().any(|one| *one == device.uuid.as_str())) {
                continue;
            }
            let ended = looks > needed;
            let begun = ended || looks > needed / 2;
            if begun {
                task.begun.insert(device.name.clone());
            }
            let word = match (&device.fails, ended, begun) {
                (Some(_), true, _) => "FAILED",
                (None, true, _) => "FINISHED",
                (_, false, true) => "RUNNING",
                (_, false, false) => "QUEUED",
            };
            if ended && device.fails.is_none() && !restarts {
                device.version.clone_from(&device.becomes);
            }
            runs.push(json!({
                "uuid": format!("run-{uuid}-{}", device.uuid),
                "taskUuid": uuid,
                "deviceUuid": device.uuid,
                "status": format!("TASK_RUN_STATUS_{word}"),
                "startTime": "2026-01-10T02:00:00Z",
                "endTime": ended.then_some("2026-01-10T02:10:00Z"),
                "result": device.fails.as_ref().filter(|_| ended).map(|why| json!({"@type": "lab/Result", "text": why})),
                "aFieldOfANewerVersion": { "x": [1, 2] },
            }));
        }
        Some(runs)
    }
}

impl LabTask {
    pub(crate) fn json(&self) -> Value {
        let mut task = self.sent.clone();
        task["uuid"] = json!(self.uuid);
        task["versionId"] = json!("800");
        task["source"] = json!("DEVICE_TASK_SOURCE_UNSPECIFIED");
        task
    }
}

impl LabDevice {
    fn new(at: usize, name: &str) -> Self {
        Self {
            uuid: format!("10000000-0000-4000-8000-{:012}", at + 1),
            name: name.to_owned(),
            version: "10.0.10003.0".to_owned(),
            status: "DEVICE_FUNCTIONALITY_STATUS_OK".to_owned(),
            seen: "2026-01-10T01:59:00Z".to_owned(),
            looks: Some(0),
            fails: None,
            becomes: "11.0.10008.0".to_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let numbers: Vec<u32> = self.version.split('.').filter_map(|part| part.parse().ok()).collect();
        let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
        json!({
            "uuid": self.uuid,
            "displayName": self.name,
            "deviceType": "DEVICE_TYPE_SERVER",
            "functionalityStatus": self.status,
            "lastSyncTime": self.seen,
            "isMuted": false,
            "deployedComponents": [
                { "displayName": "ESET Management Agent", "version": { "name": "11.2.2076.0", "major": 11, "minor": 2, "patch": 2076 } },
                {
                    "displayName": "ESET Mail Security",
                    "version": { "name": self.version, "major": number(0), "minor": number(1), "patch": number(2) },
                },
            ],
        })
    }
}
