//! The operations' arguments: typed here, one JSON text in the plan.

use crate::remote::{Action, Target};
use mailsec_core::{
    Code, Failure,
    operations::unsupported,
    plan::{Operation, VendorTraits},
    values::{StepId, Version},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// The only argument: a plan's arguments are texts by name.
const CALL: &str = "call";

/// See that the devices are there and as the plan found them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FindDevices {
    pub(crate) devices: Vec<Target>,
    pub(crate) component: String,
}

/// Have the server create a task, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreateTask {
    pub(crate) title: String,
    pub(crate) devices: Vec<Target>,
    pub(crate) action: Action,
    /// Seconds after which the server gives a device up that did not come.
    pub(crate) expires_secs: u64,
    /// Seconds for which a task is looked for whose creation is in doubt.
    pub(crate) settle_secs: u64,
}

/// Wait until a task has ended on every device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowRuns {
    /// The step that created the task.
    pub(crate) of: StepId,
    pub(crate) devices: Vec<Target>,
    pub(crate) poll_secs: u64,
}

/// Wait until every device reports the new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProveVersion {
    pub(crate) devices: Vec<Target>,
    pub(crate) component: String,
    pub(crate) version: Version,
    pub(crate) poll_secs: u64,
}

pub(super) enum Call {
    FindDevices(FindDevices),
    CreateTask(CreateTask),
    FollowRuns(FollowRuns),
    ProveVersion(ProveVersion),
}

const FIND: &str = "remote-find-devices";
const CREATE: &str = "remote-create-task";
const FOLLOW: &str = "remote-follow-runs";
const PROVE: &str = "remote-prove-version";

impl Call {
    pub(super) fn read(name: &str, arguments: &BTreeMap<String, String>) -> Result<Self, Failure> {
        match name {
            FIND => parse(name, arguments).map(Self::FindDevices),
            CREATE => parse(name, arguments).map(Self::CreateTask),
            FOLLOW => parse(name, arguments).map(Self::FollowRuns),
            PROVE => parse(name, arguments).map(Self::ProveVersion),
            _ => Err(unsupported(name)),
        }
    }
}

fn parse<T: DeserializeOwned>(name: &str, arguments: &BTreeMap<String, String>) -> Result<T, Failure> {
    let text = arguments.get(CALL).map_or("", String::as_str);
    serde_json::from_str(text).map_err(|error| {
        Failure::new(Code::PlanDamaged, format!("the arguments of {name} cannot be read"))
            .cause(error)
            .hint("make the plan again")
    })
}

fn operation<T: Serialize>(name: &str, call: &T, traits: VendorTraits) -> Operation {
    // Plain data with string keys; serialising it cannot fail.
    let text = serde_json::to_string(call).unwrap_or_default();
    let traits = VendorTraits { elsewhere: true, ..traits };
    Operation::Vendor { name: name.to_owned(), arguments: [(CALL.to_owned(), text)].into(), traits }
}

impl FindDevices {
    pub(crate) fn operation(&self, traits: VendorTraits) -> Operation {
        operation(FIND, self, traits)
    }
}

impl CreateTask {
    pub(crate) fn operation(&self, traits: VendorTraits) -> Operation {
        operation(CREATE, self, traits)
    }
}

impl FollowRuns {
    pub(crate) fn operation(&self, traits: VendorTraits) -> Operation {
        operation(FOLLOW, self, traits)
    }
}

impl ProveVersion {
    pub(crate) fn operation(&self, traits: VendorTraits) -> Operation {
        operation(PROVE, self, VendorTraits { proves_version: true, ..traits })
    }
}
