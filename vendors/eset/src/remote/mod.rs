//! The remote method: a task of ESET's management server, created once and followed to the end on every device.
//!
//! What the server's interface documents: devices with their components' versions, tasks with an action, runs of a task
//! on each device (<https://help.eset.com/eset_connect/en-US/automation.html>). It documents no action that installs
//! software; which one a tenant has, its operator says.

mod action;
mod assess;
mod management;
mod model;
mod operations;
mod plan;

pub use action::{Action, DOCUMENTED};
pub use assess::assess;
pub use mailsec_core::host::Elsewhere;
pub use management::{Created, Management};
pub use model::{Component, Device, DeviceId, NewTask, Run, RunStatus, Task, TaskId};
pub use operations::Remote;
pub use plan::{RemoteRequest, Target, plan, targets};

/// The product's name in a list of a device's components.
pub const COMPONENT: &str = crate::names::COMMON;
