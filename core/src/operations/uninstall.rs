//! A product removed: what is left of it decides, not only the exit code.

use super::{
    Context, Operate,
    package::{
        accept, agents_whole, former_version, installed, properties, settled, shown, suspended, unseen,
        version_before, wants_restart,
    },
};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, InstallerOutcome, UninstallRequest},
    plan::{Observation, Outcome, SecretProperty, Snapshot},
    values::ServerPath,
};
use async_trait::async_trait;

pub(super) struct Uninstall<'a> {
    pub(super) product_code: &'a str,
    pub(super) product: &'a [String],
    pub(super) secrets: &'a [SecretProperty],
    pub(super) log: &'a ServerPath,
}

#[async_trait]
impl Operate for Uninstall<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        version_before(ctx, self.product).await.map(Some)
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        settled(ctx).await?;
        let found = installed(ctx, self.product).await?;
        let whole = found.is_none() || agents_whole(ctx).await?;
        let evidence = found.iter().map(|(package, _)| shown(package)).collect();
        if suspended(ctx).await? || !whole {
            // Windows Installer would take it back, or has to, at the next installation of anything.
            return Ok(Observation::Partial { evidence });
        }
        Ok(match found {
            Some(_) => Observation::NotApplied { evidence },
            None => {
                let outcome = if wants_restart(ctx, None).await? {
                    InstallerOutcome::RestartNeeded
                } else {
                    unseen(ctx, self.log).await?
                };
                Observation::Applied(
                    Outcome::changed("the product is removed")
                        .output(Snapshot::Installer { outcome, log: self.log.clone() }),
                )
            }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        settled(ctx).await?;
        let outcome = ctx
            .host
            .packages()
            .uninstall(
                permit,
                UninstallRequest {
                    product_code: self.product_code,
                    secret_properties: &properties(ctx, self.secrets).await?,
                    log: self.log,
                    limit: ctx.step.limit(),
                },
            )
            .await?;
        // 1605: it is not installed (any more), which is what was wanted.
        if outcome != InstallerOutcome::Failed(1605) {
            accept(&outcome, self.log).map_err(|failure| match self.secrets {
                [] => failure.hint(format!(
                    "some products refuse their removal without a password of their own: plan with the option that gives \
                     it; else the reason stands in {}, near \"return value 3\"",
                    self.log
                )),
                _ => failure.hint(format!(
                    "the product refuses its removal when the password that it was given is wrong; else the reason stands \
                     in {}, near \"return value 3\"",
                    self.log
                )),
            })?;
        }
        if let Some((package, _)) = installed(ctx, self.product).await? {
            return Err(Failure::new(Code::VersionMismatch, "the product is still there")
                .expected("no such product")
                .found(format!("{} {}", package.name, package.version))
                .ask());
        }
        Ok(Outcome::changed("the product is removed")
            .output(Snapshot::Installer { outcome, log: self.log.clone() }))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        former_version(ctx, permit, self.product).await
    }
}
