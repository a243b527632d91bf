//! The port to the management server: what the operations of the remote method need of it, and no more.

use super::{Device, NewTask, Run, Task, TaskId};
use async_trait::async_trait;
use mailsec_core::{Failure, Permit, host::Answer};

/// What became of a request to create a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The server answered with a task. It need not be a new one: the server answers a task whose configuration it
    /// has already with the one that it has.
    Task {
        /// The task, as the server has it.
        task: Task,
        /// What the server calls the request, for its support.
        request: Option<String>,
    },
    /// The request was sent and its answer never came. The task may exist, or come to exist: somebody has to look.
    InDoubt(Failure),
}

/// A management server of ESET.
///
/// Reads may be repeated at any time; an implementation repeats them itself while the server is busy or away, within
/// bounds. A request to create is never repeated once the server may have taken it.
#[async_trait]
pub trait Management: Send + Sync {
    /// All devices.
    ///
    /// # Errors
    /// `management-server`, `management-login`, `management-access`, `management-refused`.
    async fn devices(&self) -> Answer<Vec<Device>>;

    /// All device tasks.
    ///
    /// # Errors
    /// As [`Management::devices`].
    async fn tasks(&self) -> Answer<Vec<Task>>;

    /// Creates a task that runs as soon as possible.
    ///
    /// # Errors
    /// As [`Management::devices`]: then there is no such task, for certain.
    async fn create_task(&self, permit: &Permit, task: &NewTask) -> Answer<Created>;

    /// The last run of a task on each device that has begun one.
    ///
    /// # Errors
    /// As [`Management::devices`].
    async fn runs(&self, task: &TaskId) -> Answer<Vec<Run>>;
}
