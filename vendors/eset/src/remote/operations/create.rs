//! A task is created once, whatever happens: it is looked for before it is asked for, and when its creation is in doubt.

use super::{
    arguments::CreateTask,
    list,
    task::{Found, evidence, find, marker, more_than_one},
};
use crate::remote::{Created, Management, NewTask, Task};
use mailsec_core::{
    Code, Failure, Permit,
    host::Answer,
    operations::Context,
    plan::{Evidence, Observation, Outcome},
};
use std::time::Duration;

/// Between two looks for a task whose creation is in doubt.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

pub(super) async fn observe(
    server: &dyn Management,
    call: &CreateTask,
    ctx: &Context<'_>,
) -> Answer<Observation> {
    let marker = marker(ctx.upgrade, &ctx.step.id);
    Ok(match settled(server, call, ctx, &marker).await? {
        Found::One(task) => Observation::Applied(there(call, &task)),
        Found::More(tasks) => Observation::Unknown { evidence: tasks.iter().map(evidence).collect() },
        Found::None => Observation::NotApplied {
            evidence: vec![Evidence::new(
                "tasks",
                format!("none with {marker}, for {} seconds", call.settle_secs),
            )],
        },
    })
}

pub(super) async fn apply(
    server: &dyn Management,
    call: &CreateTask,
    ctx: &Context<'_>,
    permit: &Permit,
) -> Answer<Outcome> {
    let marker = marker(ctx.upgrade, &ctx.step.id);
    match find(server, &marker).await? {
        Found::One(task) => return Ok(there(call, &task)),
        Found::More(tasks) => return Err(more_than_one(&marker, &tasks)),
        Found::None => {}
    }
    let task = NewTask {
        display_name: format!("{} {marker}", call.title),
        description: format!("Created by mailsec for an upgrade. {marker}"),
        action: call.action.clone(),
        devices: call.devices.iter().map(|device| device.uuid.clone()).collect(),
        expires: ctx.host.clock().now().after(Duration::from_secs(call.expires_secs)),
    };
    match server.create_task(permit, &task).await? {
        Created::Task { task, .. } if !task.carries(&marker) => Err(another(&marker, &task)),
        Created::Task { task, request } => {
            let made =
                Outcome::changed(format!("a task is created on {}", names(call))).shown([evidence(&task)]);
            Ok(made.shown(request.map(|request| Evidence::new("request-id", request))))
        }
        Created::InDoubt(failure) => match settled(server, call, ctx, &marker).await? {
            Found::One(task) => {
                Ok(there(call, &task).shown([Evidence::new("its creation", failure.to_string())]))
            }
            Found::More(tasks) => Err(more_than_one(&marker, &tasks)),
            Found::None => Err(failure.retry()),
        },
    }
}

/// Looks for the task until the server cannot create it any more: it may still be at work on a request whose sender is
/// long gone.
async fn settled(
    server: &dyn Management,
    call: &CreateTask,
    ctx: &Context<'_>,
    marker: &str,
) -> Answer<Found> {
    let clock = ctx.host.clock();
    let (began, limit) = (clock.now(), Duration::from_secs(call.settle_secs));
    loop {
        let found = find(server, marker).await?;
        let passed = clock.now().since(began);
        if !matches!(found, Found::None) || passed >= limit {
            return Ok(found);
        }
        clock.sleep(LOOK_AGAIN.min(limit - passed)).await;
    }
}

fn there(call: &CreateTask, task: &Task) -> Outcome {
    Outcome::same(format!("the task on {} is there", names(call))).shown([evidence(task)])
}

fn names(call: &CreateTask) -> String {
    list(call.devices.iter().map(|device| device.name.as_str()))
}

/// The server answers what is configured alike with what it has already. That one ran before, or will: following it
/// would prove nothing.
fn another(marker: &str, task: &Task) -> Failure {
    Failure::new(
        Code::DeviceTaskUnclear,
        "the management server has a task of another origin that does the same",
    )
    .expected(format!("a new task with {marker}"))
    .found(format!("task {}, {:?}", task.uuid, task.display_name))
    .hint("if it is not needed any more, delete it in the console and answer retry")
    .ask()
}
