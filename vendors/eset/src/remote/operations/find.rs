//! The devices are there, each the only one of its name, with the version that the plan found.

use super::arguments::FindDevices;
use crate::remote::{Management, assess, targets};
use mailsec_core::{
    Code, Failure,
    host::Answer,
    operations::Context,
    plan::{Evidence, Outcome},
};

pub(super) async fn apply(server: &dyn Management, call: &FindDevices, ctx: &Context<'_>) -> Answer<Outcome> {
    let devices = server.devices().await?;
    let names: Vec<String> = call.devices.iter().map(|target| target.name.clone()).collect();
    let now = targets(&devices, &names, &call.component)?;
    for (planned, found) in call.devices.iter().zip(&now) {
        if planned.uuid != found.uuid {
            return Err(stale(&planned.name, "another device")
                .expected(planned.uuid.to_string())
                .found(found.uuid.to_string()));
        }
        if planned.version != found.version {
            return Err(stale(&planned.name, "another version")
                .expected(planned.version.to_string())
                .found(found.version.to_string()));
        }
    }
    let findings = assess(&devices, &now, ctx.host.clock().now());
    let warned = findings.into_iter().map(|finding| Evidence::new("warning", finding.message));
    let shown = now.iter().map(|target| Evidence::new(target.name.clone(), target.version.to_string()));
    Ok(Outcome::same(format!("all {} devices are there", now.len())).shown(shown).shown(warned))
}

fn stale(device: &str, what: &str) -> Failure {
    Failure::new(Code::PlanStale, format!("{device} is {what} than the plan was made for"))
        .hint("make the plan again; nothing was changed")
}
