//! What is worth knowing of the devices before a task goes out.

use super::{Device, Target};
use mailsec_core::{
    Code,
    product::{Finding, Severity},
    values::Timestamp,
};
use std::time::Duration;

/// An agent connects every ten minutes or oftener as a rule; one that was away for longer may be switched off.
const RECENT: Duration = Duration::from_secs(3600);

/// What is noticed of the devices; none of it forbids the upgrade, for the server alone knows them.
#[must_use]
pub fn assess(devices: &[Device], targets: &[Target], now: Timestamp) -> Vec<Finding> {
    let warning = |message: String| Finding::new(Severity::Warning, Code::DeviceUnfit, message);
    let mut findings = Vec::new();
    for target in targets {
        let Some(device) = devices.iter().find(|device| device.uuid == target.uuid) else { continue };
        if device.functionality_status != Device::FUNCTIONAL {
            findings.push(
                warning(format!("the management server reports a problem on {}", target.name))
                    .shown("status", device.functionality_status.clone())
                    .fix("see in the console what it is; a version that is out of date is a problem, too"),
            );
        }
        if device.last_sync_time.is_none_or(|at| now.since(at) > RECENT) {
            findings.push(
                warning(format!("{} has not reported to the management server lately", target.name))
                    .shown("agent", device.seen())
                    .fix("see that it is switched on and reaches the management server"),
            );
        }
    }
    if targets.len() > 1 {
        findings.push(
            warning(format!("the task goes to all {} devices at the same time", targets.len()))
                .fix("for one after the other, make a plan for each"),
        );
    }
    findings
}
