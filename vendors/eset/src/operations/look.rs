//! Looks: whether anything is pending, and where the product is now.

use super::Own;
use crate::names;
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::{Answer, RegistryView},
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome, Snapshot},
    values::{SecretRef, ServerPath},
};
use std::collections::BTreeMap;

/// Nothing waits for a restart, for any reason: an upgrade in place would leave the former version half removed.
pub(super) struct NothingPending;

impl Own for NothingPending {}

#[async_trait]
impl Operate for NothingPending {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        match ctx.host.power().pending().await?.first() {
            None => Ok(Outcome::same("no Windows update and no restart is pending")),
            Some(sign) => Err(Failure::new(Code::RestartPending, "something waits for a restart")
                .expected("no pending Windows update and no pending restart, for any reason")
                .found(format!("{}: {}", sign.sign, sign.detail))
                .hint("restart the server, then run `mailsec resume` and answer retry")
                .ask()),
        }
    }
}

/// The settings password is there. Only the removal shows whether it is right; that it is missing is said while mail flows.
pub(super) struct PasswordGiven;

impl Own for PasswordGiven {}

#[async_trait]
impl Operate for PasswordGiven {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        ctx.secret(&SecretRef::new(names::SETTINGS_PASSWORD)).await?;
        Ok(Outcome::same("the settings password is there"))
    }
}

/// Where the product says that it is; a new version may choose another folder.
pub(super) struct Locate;

impl Own for Locate {}

#[async_trait]
impl Operate for Locate {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let folder = folder(ctx).await?;
        let values = BTreeMap::from([("folder".to_owned(), folder.as_str().to_owned())]);
        Ok(Outcome::same(format!("the product is in {folder}"))
            .shown([Evidence::new("folder", folder.as_str())])
            .output(Snapshot::Vendor { values, files: BTreeMap::new() }))
    }
}

async fn folder(ctx: &Context<'_>) -> Answer<ServerPath> {
    for view in [RegistryView::Wide, RegistryView::Narrow] {
        let value = ctx.host.registry().value(view, names::INFO, "InstallDir").await?;
        if let Some(folder) = value.map(ServerPath::new).filter(ServerPath::is_absolute) {
            return Ok(folder);
        }
    }
    let installed = ctx.host.packages().installed().await?;
    let package = installed.into_iter().find(|package| names::is_ours(&package.name));
    package.and_then(|package| package.location).filter(ServerPath::is_absolute).ok_or_else(|| {
        Failure::new(Code::ProductNotFound, "the new version does not say where it is")
            .expected(format!(r"InstallDir in HKLM\{}", names::INFO))
            .hint("repair the installation, then answer retry")
            .ask()
    })
}

/// The folder that an earlier look has found.
pub(super) fn located(ctx: &Context<'_>, step: &mailsec_core::values::StepId) -> Answer<ServerPath> {
    match ctx.output(step)? {
        Snapshot::Vendor { values, .. } if values.contains_key("folder") => {
            Ok(ServerPath::new(values.get("folder").cloned().unwrap_or_default()))
        }
        _ => Err(Failure::new(Code::PlanLint, format!("the step {step} found no folder"))),
    }
}
