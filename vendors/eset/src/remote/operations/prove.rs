//! Every device reports the new version.

use super::{arguments::ProveVersion, list, may_pass};
use crate::remote::{Device, Management};
use mailsec_core::{
    Code, Failure,
    host::Answer,
    operations::Context,
    plan::{Evidence, Outcome},
};
use std::time::Duration;

pub(super) async fn apply(
    server: &dyn Management,
    call: &ProveVersion,
    ctx: &Context<'_>,
) -> Answer<Outcome> {
    let clock = ctx.host.clock();
    let began = clock.now();
    loop {
        let found = match server.devices().await {
            Ok(devices) => Ok(behind(call, &devices)),
            Err(failure) if may_pass(&failure) => Err(failure),
            Err(failure) => return Err(failure),
        };
        if found.as_ref().is_ok_and(Vec::is_empty) {
            let names = list(call.devices.iter().map(|target| target.name.as_str()));
            return Ok(Outcome::same(format!("version {} is reported by {names}", call.version)).shown(
                call.devices
                    .iter()
                    .map(|target| Evidence::new(target.name.clone(), call.version.to_string())),
            ));
        }
        if clock.now().since(began) >= ctx.step.limit() {
            return Err(match found {
                Ok(behind) => Failure::new(Code::VersionMismatch, "not every device reports the new version")
                    .expected(format!("{} {}", call.component, call.version))
                    .found(behind.join("; "))
                    .hint("a device reports when its agent next connects; it may have to be restarted first")
                    .ask(),
                Err(failure) => failure.ask(),
            });
        }
        clock.sleep(Duration::from_secs(call.poll_secs)).await;
    }
}

/// The devices that do not report the version, and what they report.
fn behind(call: &ProveVersion, devices: &[Device]) -> Vec<String> {
    call.devices
        .iter()
        .filter_map(|target| {
            let Some(device) = devices.iter().find(|device| device.uuid == target.uuid) else {
                return Some(format!("{}: gone", target.name));
            };
            let versions: Vec<_> =
                device.components(&call.component).filter_map(|part| part.version()).collect();
            if matches!(versions.as_slice(), [one] if one.is_a(&call.version)) {
                return None;
            }
            let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
            let texts = if texts.is_empty() { "no version".to_owned() } else { texts.join(", ") };
            Some(format!("{}: {texts}, {}", target.name, device.seen()))
        })
        .collect()
}
