//! Operations of its own: the product's updates of itself are paused meanwhile.

use crate::names;
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::Answer,
    operations::{Context, Vendor, unsupported},
    plan::{Evidence, Observation, OnPartial, Operation, Outcome, Phase, Snapshot, Step, VendorTraits},
    values::{ServerPath, StepId},
};
use std::collections::BTreeMap;

/// Names of operations and steps. A name is never given another meaning: journals have it.
const PAUSE: &str = "pause-updates";
const RESUME: &str = "resume-updates";

fn own(name: &str, folder: &ServerPath, what: &str) -> Operation {
    let file = folder.join(names::PAUSED);
    Operation::Vendor {
        name: name.to_owned(),
        arguments: BTreeMap::from([("file".to_owned(), file.as_str().to_owned())]),
        traits: VendorTraits {
            on_partial: OnPartial::Finish,
            ..VendorTraits::changes(format!("{what} {file}"))
        },
    }
}

/// The step before anything is detached.
pub(crate) fn pause(folder: &ServerPath) -> Step {
    Step::new(
        PAUSE,
        Phase::Prepare,
        "Pause the product's own updates",
        "an update of its own in the middle would be taken for part of this one",
        own(PAUSE, folder, "keeps the product from updating itself by"),
    )
}

/// The step once the new version is there.
pub(crate) fn resume(folder: &ServerPath) -> Step {
    Step::new(
        RESUME,
        Phase::Restore,
        "Resume the product's own updates",
        "they were paused for this upgrade only",
        own(RESUME, folder, "lets the product update itself again by removing"),
    )
}

/// What runs them.
#[derive(Debug)]
pub(crate) struct Operations;

fn file(arguments: &BTreeMap<String, String>) -> Answer<ServerPath> {
    arguments.get("file").map(ServerPath::new).ok_or_else(|| {
        Failure::new(Code::PlanLint, "the plan names no file").hint("make the plan again with this version")
    })
}

/// Whether somebody had paused them before this upgrade; then they stay so.
fn by_others(ctx: &Context<'_>) -> bool {
    matches!(ctx.state.before(&StepId::new(PAUSE)),
        Some(Snapshot::Vendor { values, .. }) if values.contains_key("paused"))
}

/// Whether a step wants the file, or wants it gone.
fn wants_file(name: &str, ctx: &Context<'_>) -> Answer<bool> {
    match name {
        PAUSE => Ok(true),
        RESUME => Ok(by_others(ctx)),
        other => Err(unsupported(other)),
    }
}

fn outcome(file: &ServerPath, there: bool) -> Outcome {
    let (text, seen) = if there { ("paused", "there") } else { ("not paused", "gone") };
    Outcome::changed(format!("the product's updates are {text}")).shown([Evidence::new(file.as_str(), seen)])
}

/// Has the file be there, or be gone.
async fn bring_about(ctx: &Context<'_>, permit: &Permit, file: &ServerPath, there: bool) -> Answer<Outcome> {
    let files = ctx.host.files();
    match (there, files.stat(file).await?.is_some()) {
        (true, false) => files.write(permit, file, b"paused by mailsec\r\n").await?,
        (false, true) => files.remove(permit, file).await?,
        _ => {}
    }
    Ok(outcome(file, there))
}

#[async_trait]
impl Vendor for Operations {
    async fn prepare(
        &self,
        _name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Option<Snapshot>> {
        let paused = ctx.host.files().stat(&file(arguments)?).await?.is_some();
        let values = paused.then(|| ("paused".to_owned(), "yes".to_owned())).into_iter().collect();
        Ok(Some(Snapshot::Vendor { values, files: BTreeMap::new() }))
    }

    async fn observe(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Observation> {
        let (file, wanted) = (file(arguments)?, wants_file(name, ctx)?);
        let there = ctx.host.files().stat(&file).await?.is_some();
        Ok(if there == wanted {
            Observation::Applied(outcome(&file, there))
        } else {
            Observation::NotApplied { evidence: Vec::new() }
        })
    }

    async fn apply(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        let wanted = wants_file(name, ctx)?;
        bring_about(ctx, permit, &file(arguments)?, wanted).await
    }

    async fn undo(
        &self,
        _name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        // As this very step found it.
        let found =
            matches!(ctx.before(), Some(Snapshot::Vendor { values, .. }) if values.contains_key("paused"));
        bring_about(ctx, permit, &file(arguments)?, found).await
    }
}
