//! The interface's calls, as far as the remote method needs them.

use crate::{
    ConnectConfig, Limits, Region,
    call::{Caller, Ended, Repeat},
    login::Login,
    pages::Page,
    region::Addresses,
    wire::{Body, Request, Wire},
};
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    host::{Answer, Clock},
    values::Secret,
};
use mailsec_eset::remote::{Created, Device, Management, NewTask, Run, Task, TaskId};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// A client of one tenant.
pub struct Client {
    caller: Caller,
    devices: Url,
    tasks: Url,
}

impl Client {
    /// A client that has not called yet. Without a password its calls fail with `secret-missing`, which a person can
    /// put right.
    ///
    /// # Errors
    /// `bad-argument` when the configuration cannot be used.
    pub fn new(
        region: Region,
        config: &ConnectConfig,
        password: Option<Secret>,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let addresses = Addresses::of(region, config.addresses.as_ref())?;
        Ok(Self {
            caller: Caller {
                wire: Wire::new(config, &limits)?,
                login: Login::new(&addresses.identity, &config.user, password),
                limits,
                clock,
            },
            devices: below(&addresses.devices, &["v1", "devices"]),
            tasks: below(&addresses.tasks, &["v1", "device_tasks"]),
        })
    }
}

/// An address below another. Each part is escaped: some come from the server.
fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts);
    }
    url
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Devices {
    #[serde(default)]
    devices: Vec<Device>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tasks {
    #[serde(default)]
    tasks: Vec<Task>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Runs {
    #[serde(default)]
    task_runs: Vec<Run>,
    #[serde(default)]
    next_page_token: Option<String>,
}

impl Page for Devices {
    type Entry = Device;
    fn split(self) -> (Vec<Device>, Option<String>) {
        (self.devices, self.next_page_token)
    }
}

impl Page for Tasks {
    type Entry = Task;
    fn split(self) -> (Vec<Task>, Option<String>) {
        (self.tasks, self.next_page_token)
    }
}

impl Page for Runs {
    type Entry = Run;
    fn split(self) -> (Vec<Run>, Option<String>) {
        (self.task_runs, self.next_page_token)
    }
}

#[derive(Deserialize)]
struct TaskAnswer {
    task: Task,
}

#[async_trait]
impl Management for Client {
    async fn devices(&self) -> Answer<Vec<Device>> {
        self.caller.list::<Devices>("the list of devices", &self.devices).await
    }

    async fn tasks(&self) -> Answer<Vec<Task>> {
        self.caller.list::<Tasks>("the list of tasks", &self.tasks).await
    }

    async fn create_task(&self, permit: &Permit, task: &NewTask) -> Answer<Created> {
        tracing::info!(step = %permit.step(), devices = task.devices.len(), "creating a task");
        let request = Request { method: Method::POST, url: self.tasks.clone(), body: Body::Json(body(task)) };
        match self.caller.call::<TaskAnswer>("the new task", &request, Repeat::Never).await? {
            Ended::Answered(answer, request) => Ok(Created::Task { task: answer.task, request }),
            Ended::InDoubt(failure) => Ok(Created::InDoubt(failure)),
        }
    }

    async fn runs(&self, task: &TaskId) -> Answer<Vec<Run>> {
        let mut url = below(&self.tasks, &[task.as_str(), "runs"]);
        url.query_pairs_mut().append_pair("listOnlyLastRuns", "true");
        self.caller.list::<Runs>("the runs of the task", &url).await
    }
}

/// A task as the server takes it. It must have a trigger; a manual one runs as soon as possible.
fn body(task: &NewTask) -> String {
    json!({
        "task": {
            "displayName": task.display_name,
            "description": task.description,
            "action": task.action.to_json(),
            "targets": { "devicesUuids": task.devices, "deviceGroupsUuids": [] },
            "triggers": [{ "manual": { "expireTime": task.expires } }],
        }
    })
    .to_string()
}
