//! What is spoilt in an operation: that of the step `pause-updates`.

use crate::product::Where;
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::Answer,
    operations::{Context, Vendor},
    plan::{Evidence, Observation, Outcome, Snapshot},
    product::MailSecurityProduct,
    values::{SecretRef, ServerPath, StepId},
};
use mailsec_sample_guard::SampleGuard;
use std::collections::BTreeMap;

type Arguments = BTreeMap<String, String>;

pub(crate) struct Spoilers(pub(crate) Where);

fn good() -> &'static dyn Vendor {
    SampleGuard.vendor().unwrap()
}

fn file(arguments: &Arguments) -> ServerPath {
    ServerPath::new(&arguments["file"])
}

/// A second file of the same effect, in a folder with the first.
fn pair(arguments: &Arguments) -> [ServerPath; 2] {
    let folder = file(arguments).parent().unwrap().join("pause");
    ["one", "two"].map(|name| folder.join(name))
}

async fn there(ctx: &Context<'_>, path: &ServerPath) -> Answer<bool> {
    Ok(ctx.host.files().stat(path).await?.is_some())
}

fn applied() -> Observation {
    Observation::Applied(Outcome::changed("paused"))
}

fn not_applied() -> Observation {
    Observation::NotApplied { evidence: Vec::new() }
}

impl Spoilers {
    fn is_spoilt(&self, name: &str) -> bool {
        name == "pause-updates"
    }

    fn writes_two(&self) -> bool {
        matches!(self.0, Where::HalfIsWhole | Where::HalfIsDone | Where::WholeUndo)
    }
}

#[async_trait]
impl Vendor for Spoilers {
    async fn prepare(
        &self,
        name: &str,
        arguments: &Arguments,
        ctx: &Context<'_>,
    ) -> Answer<Option<Snapshot>> {
        match name {
            "note-boot" | "compare-boot" => Ok(None),
            _ => good().prepare(name, arguments, ctx).await,
        }
    }

    async fn observe(&self, name: &str, arguments: &Arguments, ctx: &Context<'_>) -> Answer<Observation> {
        if matches!(name, "note-boot" | "compare-boot") {
            return Ok(not_applied());
        }
        if !self.is_spoilt(name) {
            return good().observe(name, arguments, ctx).await;
        }
        let [one, two] = pair(arguments);
        match self.0 {
            Where::AlwaysApplied => Ok(applied()),
            Where::NeverApplied => Ok(not_applied()),
            Where::Blind => match there(ctx, &file(arguments)).await {
                Ok(true) => Ok(applied()),
                Ok(false) | Err(_) => Ok(not_applied()),
            },
            Where::LooksAndSends => {
                ctx.host.mail().probe("is anybody there").await?;
                good().observe(name, arguments, ctx).await
            }
            Where::HalfIsWhole => Ok(if there(ctx, &one).await? { applied() } else { not_applied() }),
            _ if self.writes_two() => Ok(match (there(ctx, &one).await?, there(ctx, &two).await?) {
                (true, true) => applied(),
                (false, false) => not_applied(),
                _ => Observation::Partial { evidence: Vec::new() },
            }),
            _ => good().observe(name, arguments, ctx).await,
        }
    }

    async fn apply(
        &self,
        name: &str,
        arguments: &Arguments,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        if let "note-boot" | "compare-boot" = name {
            return boot(name, ctx).await;
        }
        if !self.is_spoilt(name) {
            return good().apply(name, arguments, ctx, permit).await;
        }
        let files = ctx.host.files();
        match self.0 {
            Where::Fails => {
                Err(Failure::new(Code::System, "it does not work").hint("there is nothing to do"))
            }
            Where::Grows => {
                let file = file(arguments);
                let mut text =
                    if there(ctx, &file).await? { files.read(&file, 1 << 20).await? } else { Vec::new() };
                text.extend_from_slice(b"paused\r\n");
                files.write(permit, &file, &text).await?;
                Ok(Outcome::changed("paused"))
            }
            Where::Secret => {
                let licence = ctx.secret(&SecretRef::new("guard-licence")).await?;
                let done = good().apply(name, arguments, ctx, permit).await?;
                Ok(done.shown([Evidence::new("licence", licence.expose())]))
            }
            _ if self.writes_two() => {
                let [one, two] = pair(arguments);
                if self.0 == Where::HalfIsDone && there(ctx, &one).await? {
                    return Ok(Outcome::same("paused"));
                }
                files.write(permit, &one, b"1").await?;
                files.write(permit, &two, b"2").await?;
                Ok(Outcome::changed("paused"))
            }
            _ => good().apply(name, arguments, ctx, permit).await,
        }
    }

    async fn undo(
        &self,
        name: &str,
        arguments: &Arguments,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        if !self.is_spoilt(name) {
            return good().undo(name, arguments, ctx, permit).await;
        }
        let files = ctx.host.files();
        let [one, two] = pair(arguments);
        match self.0 {
            Where::NoUndo => {}
            Where::Toggle => match there(ctx, &file(arguments)).await? {
                true => files.remove(permit, &file(arguments)).await?,
                false => files.write(permit, &file(arguments), b"paused by mailsec\r\n").await?,
            },
            Where::WholeUndo => {
                if there(ctx, &two).await? {
                    files.remove(permit, &one.parent().unwrap()).await?;
                }
            }
            _ => return good().undo(name, arguments, ctx, permit).await,
        }
        Ok(Outcome::changed("taken back"))
    }
}

/// Notes the boot, and later insists on it: a memory that no restart survives.
async fn boot(name: &str, ctx: &Context<'_>) -> Answer<Outcome> {
    let boot = ctx.host.power().boot().await?.to_string();
    if name == "note-boot" {
        let values = BTreeMap::from([("boot".to_owned(), boot)]);
        return Ok(Outcome::same("noted").output(Snapshot::Vendor { values, files: BTreeMap::new() }));
    }
    match ctx.output(&StepId::new("note-boot"))? {
        Snapshot::Vendor { values, .. } if values.get("boot") == Some(&boot) => Ok(Outcome::same("the same")),
        _ => Err(Failure::new(Code::System, "the server has restarted").hint("begin again")),
    }
}
