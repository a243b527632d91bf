//! The plan of the remote method.

use super::{
    Action, Device, DeviceId,
    operations::{CreateTask, FindDevices, FollowRuns, ProveVersion},
};
use mailsec_core::{
    Code, Failure,
    plan::{
        Choices, Limits, MailBudget, Naming, Operation, Phase, Plan, PlanFormat, Retry, Step, Undo,
        UnscannedPolicy, VendorTraits,
    },
    values::{Digest, SecretRef, StepId, Timestamp, Version},
};
use serde::{Deserialize, Serialize};

/// A device that the upgrade is for, as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: DeviceId,
    /// The version that it has.
    pub version: Version,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct RemoteRequest {
    /// The place, as the host names it.
    pub place: String,
    /// The component that is upgraded.
    pub component: String,
    /// The version that it is to have.
    pub version: Version,
    /// What the task does; the operator's own.
    pub action: Action,
    /// Whether the devices are restarted afterwards.
    pub restart: bool,
    /// The password's name.
    pub password: SecretRef,
    /// Seconds that a task may take on all devices.
    pub limit_secs: u64,
    /// Seconds between two looks.
    pub poll_secs: u64,
    /// Seconds for which a task is looked for whose creation is in doubt.
    pub settle_secs: u64,
}

/// The devices of these names, with the version of their component.
///
/// # Errors
/// `device-unfit` when one is missing, not the only one of its name, or without exactly one such component.
pub fn targets(devices: &[Device], names: &[String], component: &str) -> Result<Vec<Target>, Failure> {
    let unfit = |message: String| Failure::new(Code::DeviceUnfit, message);
    let mut targets: Vec<Target> = Vec::new();
    for name in names {
        let alike: Vec<&Device> =
            devices.iter().filter(|device| device.display_name.eq_ignore_ascii_case(name)).collect();
        let device = match alike.as_slice() {
            [one] => *one,
            [] => {
                return Err(unfit(format!("the management server has no device {name}"))
                    .expected("the device's name as the console shows it")
                    .found(format!("{} devices of other names", devices.len()))
                    .hint("the interface's user sees only the groups that its permission set names"));
            }
            more => {
                let ids: Vec<&str> = more.iter().map(|device| device.uuid.as_str()).collect();
                return Err(unfit(format!("the management server has more than one device {name}"))
                    .expected("one")
                    .found(ids.join(", "))
                    .hint("rename or remove the one that is not meant; a reinstalled server often leaves an old one"));
            }
        };
        if targets.iter().any(|target| target.uuid == device.uuid) {
            return Err(unfit(format!("{name} is named twice")).expected("each device once"));
        }
        let parts: Vec<_> = device.components(component).collect();
        let version = match parts.as_slice() {
            [one] => one.version(),
            _ => None,
        };
        let Some(version) = version else {
            let all: Vec<&str> = device.deployed_components.iter().map(super::Component::label).collect();
            return Err(unfit(format!("{name} does not report one component {component} with a version"))
                .expected("one component of that name")
                .found(all.join(", "))
                .hint("name it by --component as the console shows it"));
        };
        targets.push(Target { name: device.display_name.clone(), uuid: device.uuid.clone(), version });
    }
    Ok(targets)
}

/// The plan: look, have the task created, follow it, restart if that is wanted, prove the version.
///
/// # Errors
/// `version-not-newer` when a device has the version already, or a later one.
pub fn plan(
    request: &RemoteRequest,
    targets: &[Target],
    made: Timestamp,
    engine: &str,
) -> Result<Plan, Failure> {
    let there: Vec<String> = targets
        .iter()
        .filter(|target| target.version >= request.version || target.version.is_a(&request.version))
        .map(|target| format!("{} has {}", target.name, target.version))
        .collect();
    if !there.is_empty() {
        return Err(Failure::new(Code::VersionNotNewer, "a device does not need the upgrade")
            .expected(format!("versions before {}", request.version))
            .found(there.join(", "))
            .hint("leave these devices out"));
    }
    let from = targets.iter().map(|target| &target.version).min().cloned();
    let from = from.ok_or_else(|| {
        Failure::new(Code::BadArgument, "no device is named").expected("--device, once for each")
    })?;
    // Plain data; serialising it cannot fail.
    let facts = Digest::of(&serde_json::to_vec(targets).unwrap_or_default());
    Ok(Plan {
        format: PlanFormat::CURRENT,
        server: request.place.clone(),
        product: crate::plan::KEY.to_owned(),
        naming: Naming { before: request.component.clone(), after: request.component.clone() },
        from,
        to: request.version.clone(),
        made,
        engine: engine.to_owned(),
        facts,
        choices: Choices { unscanned: UnscannedPolicy::Hold, left_out: Vec::new() },
        budget: MailBudget { stopped_secs: 0, unscanned_secs: 0 },
        limits: Limits::default(),
        scanners: Vec::new(),
        role: None,
        steps: steps(request, targets),
    })
}

fn steps(request: &RemoteRequest, targets: &[Target]) -> Vec<Step> {
    let on = format!("{} devices", targets.len());
    let mut steps = vec![looks(
        "find-devices",
        Phase::Survey,
        "See that the devices are there, with the versions that the plan was made for",
        "a task for a device that is not the one that was meant cannot be called back",
        FindDevices { devices: targets.to_vec(), component: request.component.clone() }.operation(traits(
            request,
            VendorTraits::looks(format!(
                "looks for {} among the devices of the management server",
                named(targets)
            )),
            5,
        )),
        600,
    )];
    steps.extend(task(
        request,
        targets,
        ("create-task", "follow-runs", Phase::Replace),
        (&format!("upgrade {} to {}", request.component, request.version), request.action.clone()),
        &format!("Have the management server run {} on {on}", request.action.name()),
    ));
    if request.restart {
        steps.extend(task(
            request,
            targets,
            ("create-restart", "follow-restart", Phase::Reboot),
            ("restart", Action::restart()),
            &format!("Have the management server restart {on}, all at the same time"),
        ));
    }
    let call = ProveVersion {
        devices: targets.to_vec(),
        component: request.component.clone(),
        version: request.version.clone(),
        poll_secs: request.poll_secs,
    };
    steps.push(looks(
        "prove-version",
        Phase::Verify,
        &format!("See that {on} report {} {}", request.component, request.version),
        "that a task ended well does not say which version runs",
        call.operation(traits(
            request,
            VendorTraits::looks("reads the devices' components until all have it"),
            600,
        )),
        request.limit_secs,
    ));
    steps
}

/// The devices by their names, as many as can be read.
fn named(targets: &[Target]) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = targets.iter().take(SHOWN).map(|target| target.name.as_str()).collect();
    match targets.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// A task and its end: two steps, because creating it must not be done twice, and following it may.
fn task(
    request: &RemoteRequest,
    targets: &[Target],
    (create, follow, phase): (&str, &str, Phase),
    (title, action): (&str, Action),
    says: &str,
) -> [Step; 2] {
    let what = format!(
        "creates a task {} on the management server, or finds the one that it created",
        action.name()
    );
    let call = CreateTask {
        title: format!("mailsec: {title}"),
        devices: targets.to_vec(),
        action,
        expires_secs: request.limit_secs,
        settle_secs: request.settle_secs,
    };
    let created = Step {
        id: StepId::new(create),
        phase,
        title: says.to_owned(),
        reason: "the server's agents do the work; this program asks once and never twice".to_owned(),
        operation: call.operation(traits(request, VendorTraits::changes(what), 10)),
        mail: None,
        retry: Retry { attempts: 3, wait_secs: 30 },
        // The server may be slow for each page of its lists, and a creation in doubt is looked for.
        limit_secs: 1200 + request.settle_secs,
        undo: Undo::Keep("what a task has done on a device is not taken back from here".to_owned()),
        no_return: phase == Phase::Replace,
    };
    let call =
        FollowRuns { of: StepId::new(create), devices: targets.to_vec(), poll_secs: request.poll_secs };
    let looks_until = VendorTraits {
        // A restart goes to every device: one that may still be installing is not left behind.
        may_be_left_out: !(request.restart && phase == Phase::Replace),
        ..VendorTraits::looks("reads the task's runs until it has ended on every device")
    };
    let followed = looks(
        follow,
        phase,
        "Follow it to its end on every device",
        "each device has an outcome of its own",
        call.operation(traits(request, looks_until, 900)),
        request.limit_secs,
    );
    [created, followed]
}

fn traits(request: &RemoteRequest, traits: VendorTraits, typical_secs: u64) -> VendorTraits {
    VendorTraits { typical_secs, secrets: vec![request.password.clone()], ..traits }
}

fn looks(id: &str, phase: Phase, title: &str, reason: &str, operation: Operation, limit_secs: u64) -> Step {
    Step {
        id: StepId::new(id),
        phase,
        title: title.to_owned(),
        reason: reason.to_owned(),
        operation,
        mail: None,
        retry: Retry { attempts: 3, wait_secs: 30 },
        limit_secs,
        undo: Undo::Nothing,
        no_return: false,
    }
}
