//! What is to be done, as data: read, hashed, linted, explained and rehearsed before anything changes.

mod checklist;
mod cluster;
mod cluster_lint;
mod explain;
mod lint;
mod mail;
mod observation;
mod operation;
mod question;
mod snapshot;
mod step;
mod usual;
mod vendor;
mod whole;

pub use checklist::{ChecklistItem, ItemAnswer, ItemAnswers, ItemId};
pub use cluster::{ClusterNode, ExpectedNode, NodeRole, cluster_plan};
pub use explain::{Explanation, explain};
pub use lint::lint;
pub use mail::{Flow, MailBudget, MailImpact, MailState, UnscannedPolicy};
pub use observation::{Observation, Outcome};
pub use operation::{
    AccountSource, ExpectedPackage, InstallerMode, OnPartial, Operation, RestartWhen, SecretProperty,
};
pub use question::{Choice, Question};
pub use snapshot::{Evidence, KeptFile, Snapshot};
pub use step::{Phase, Retry, Step, Undo};
pub use usual::Usual;
pub use vendor::VendorTraits;
pub(crate) use whole::PlanFile;
pub use whole::{Choices, Limits, Naming, Plan, PlanFormat};
