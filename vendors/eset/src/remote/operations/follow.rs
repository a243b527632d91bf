//! A task is followed to its end on every device. Looking changes nothing, so after a crash it is simply followed again.

use super::{
    arguments::FollowRuns,
    list, may_pass,
    task::{Found, find, marker, more_than_one},
};
use crate::remote::{Device, DeviceId, Management, Run, RunStatus, Target, Task};
use mailsec_core::{
    Code, Failure,
    host::Answer,
    operations::Context,
    plan::{Evidence, Outcome},
};
use std::{collections::BTreeMap, time::Duration};

/// Characters of a run's result that are shown.
const SHOWN: usize = 300;

pub(super) async fn apply(server: &dyn Management, call: &FollowRuns, ctx: &Context<'_>) -> Answer<Outcome> {
    let clock = ctx.host.clock();
    let began = clock.now();
    let mut task: Option<Task> = None;
    let mut runs: BTreeMap<DeviceId, Run> = BTreeMap::new();
    let mut told = false;
    loop {
        let lost = match look(server, call, ctx, &mut task).await {
            Ok(list) => {
                runs = last(list);
                None
            }
            // A server that is away for a while is no reason to end: the devices work on.
            Err(failure) if may_pass(&failure) => Some(failure),
            Err(failure) => return Err(failure),
        };
        let open: Vec<&Target> =
            call.devices.iter().filter(|device| !ended(runs.get(&device.uuid))).collect();
        if let (true, Some(task)) = (open.is_empty(), &task) {
            return judged(call, task, &runs);
        }
        if clock.now().since(began) >= ctx.step.limit() {
            return Err(match lost {
                Some(failure) => failure.ask(),
                None => too_long(server, ctx, &open, &runs).await,
            });
        }
        if !told {
            told = true;
            tracing::info!(devices = %list(open.iter().map(|device| device.name.as_str())), "waiting");
        }
        clock.sleep(Duration::from_secs(call.poll_secs)).await;
    }
}

/// The task is found once, its runs each time.
async fn look(
    server: &dyn Management,
    call: &FollowRuns,
    ctx: &Context<'_>,
    task: &mut Option<Task>,
) -> Answer<Vec<Run>> {
    let task = match task {
        Some(task) => task,
        None => task.insert(own_task(server, call, ctx).await?),
    };
    server.runs(&task.uuid).await
}

async fn own_task(server: &dyn Management, call: &FollowRuns, ctx: &Context<'_>) -> Answer<Task> {
    let marker = marker(ctx.upgrade, &call.of);
    match find(server, &marker).await? {
        Found::One(task) => Ok(task),
        Found::More(tasks) => Err(more_than_one(&marker, &tasks)),
        Found::None => Err(Failure::new(
            Code::DeviceTaskUnclear,
            "the management server does not have this upgrade's task",
        )
        .expected(format!("a task with {marker}, created by the step {}", call.of))
        .found("none")
        .hint("see in the console whether it was deleted, and what the devices' own logs say")
        .ask()),
    }
}

/// Runs by device. The server gives the last one of each; should it give more, the one that began last counts.
fn last(runs: Vec<Run>) -> BTreeMap<DeviceId, Run> {
    let mut by_device: BTreeMap<DeviceId, Run> = BTreeMap::new();
    for run in runs {
        match by_device.get(&run.device_uuid) {
            Some(other) if other.start_time > run.start_time => {}
            _ => drop(by_device.insert(run.device_uuid.clone(), run)),
        }
    }
    by_device
}

fn ended(run: Option<&Run>) -> bool {
    run.is_some_and(|run| matches!(run.status, RunStatus::Finished | RunStatus::Failed))
}

fn judged(call: &FollowRuns, task: &Task, runs: &BTreeMap<DeviceId, Run>) -> Answer<Outcome> {
    let of = |target: &Target| runs.get(&target.uuid);
    let failed: Vec<String> = call
        .devices
        .iter()
        .filter_map(|target| {
            of(target).filter(|run| run.status == RunStatus::Failed).map(|run| said(target, run))
        })
        .collect();
    if !failed.is_empty() {
        let well: Vec<&str> = call
            .devices
            .iter()
            .filter(|target| of(target).is_some_and(|run| run.status == RunStatus::Finished))
            .map(|target| target.name.as_str())
            .collect();
        let failure = Failure::new(Code::DeviceTask, "the task failed on a device")
            .expected(format!("task {} finished on every device", task.uuid))
            .found(failed.join("; "))
            .hint(
                "put it right on the device and run the task there again from the console, then answer retry; where \
                 skip is offered, that goes on without it",
            )
            .ask();
        return Err(match well.is_empty() {
            true => failure,
            false => failure.cause(format!("it ended well on {}", list(well))),
        });
    }
    let shown = call.devices.iter().filter_map(|target| {
        let run = of(target)?;
        let at = run.end_time.map(|at| format!(" at {at}")).unwrap_or_default();
        Some(Evidence::new(target.name.clone(), format!("{}{at}", run.status)))
    });
    Ok(Outcome::same(format!("the task ended well on all {} devices", call.devices.len()))
        .shown([Evidence::new("task", task.uuid.to_string())])
        .shown(shown))
}

fn said(target: &Target, run: &Run) -> String {
    match &run.result {
        serde_json::Value::Null => format!("{}: failed", target.name),
        result => {
            let text: String = result.to_string().chars().take(SHOWN).collect();
            format!("{}: failed, {text}", target.name)
        }
    }
}

async fn too_long(
    server: &dyn Management,
    ctx: &Context<'_>,
    open: &[&Target],
    runs: &BTreeMap<DeviceId, Run>,
) -> Failure {
    // For the words only; that they cannot be had now is no second failure.
    let devices: Vec<Device> = server.devices().await.unwrap_or_default();
    let states: Vec<String> = open
        .iter()
        .map(|target| {
            let how = match runs.get(&target.uuid) {
                Some(run) => run.status.to_string(),
                None => "not begun".to_owned(),
            };
            let seen = devices.iter().find(|device| device.uuid == target.uuid).map(Device::seen);
            format!("{}: {how}, {}", target.name, seen.unwrap_or_else(|| "not to be asked now".to_owned()))
        })
        .collect();
    Failure::new(Code::TimeLimit, "the task has not ended on every device in time")
        .expected(format!("an end within {} s", ctx.step.limit_secs))
        .found(states.join("; "))
        .hint("a device that is switched off or offline begins when it comes; answer retry to wait again")
        .ask()
}
