//! The upgrade's own task among all others: by a mark that no other has.

use crate::remote::{Management, Task};
use mailsec_core::{
    Code, Failure,
    host::Answer,
    plan::Evidence,
    values::{StepId, UpgradeId},
};

/// The mark of a step's task. The upgrade's id is in it, so no other run of the same plan makes it.
pub(super) fn marker(upgrade: UpgradeId, step: &StepId) -> String {
    format!("[mailsec {upgrade} {step}]")
}

/// What the server has of a step's task.
pub(super) enum Found {
    None,
    One(Task),
    /// More than one: somebody copied it, or the server made two.
    More(Vec<Task>),
}

pub(super) async fn find(server: &dyn Management, marker: &str) -> Answer<Found> {
    let mut ours: Vec<Task> = server.tasks().await?.into_iter().filter(|task| task.carries(marker)).collect();
    Ok(match ours.len() {
        0 => Found::None,
        1 => Found::One(ours.remove(0)),
        _ => Found::More(ours),
    })
}

pub(super) fn evidence(task: &Task) -> Evidence {
    Evidence::new(format!("task {}", task.uuid), format!("{} {}", task.display_name, task.description))
}

pub(super) fn more_than_one(marker: &str, tasks: &[Task]) -> Failure {
    let ids: Vec<&str> = tasks.iter().map(|task| task.uuid.as_str()).collect();
    Failure::new(Code::DeviceTaskUnclear, "the management server has more than one task of this step")
        .expected(format!("one task with {marker} in its name or description"))
        .found(ids.join(", "))
        .hint("see in the console which of them ran; take the mark out of the others' description")
        .ask()
}
