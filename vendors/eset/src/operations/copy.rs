//! A copy of the export: it is what a person may sign and the product imports, and the original stays as it was.

use super::{Arguments, Own, tool::left_by};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome},
};

pub(super) struct CopyExport<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Own for CopyExport<'_> {}

#[async_trait]
impl Operate for CopyExport<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let original = left_by(ctx, &self.arguments.step("export")?, "export").await?;
        let file = self.arguments.path("file")?;
        if ctx.host.files().stat(&file).await?.is_none() {
            return Ok(Observation::NotApplied { evidence: Vec::new() });
        }
        let digest = ctx.host.files().digest(&file).await?;
        let evidence = vec![Evidence::new(file.as_str(), format!("digest {}", digest.short()))];
        Ok(if digest == original.kept.digest {
            Observation::Applied(Outcome::changed("the export is copied").shown(evidence))
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let original = left_by(ctx, &self.arguments.step("export")?, "export").await?;
        let file = self.arguments.path("file")?;
        ctx.host.files().copy(permit, &original.kept.path, &file).await?;
        Ok(Outcome::changed("the export is copied")
            .shown([Evidence::new(file.as_str(), format!("digest {}", original.kept.digest.short()))]))
    }
}
