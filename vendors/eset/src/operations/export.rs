//! Settings exported before anything changes, and proven: what cannot be imported again must not be uninstalled.

use super::{
    Arguments, Own,
    tool::{Exported, LeftNow, export, has_closed_folder, left_now, proven},
};
use crate::names;
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::Answer,
    operations::{Context, Operate, is_before},
    plan::{Evidence, Observation, Outcome, Question, Snapshot},
};
use std::collections::BTreeMap;

const EXPORTED: &str = "the settings are exported, and the export is proven";

/// What a proven export leaves to later steps.
fn outcome(exported: &Exported, summary: &str) -> Outcome {
    let values = BTreeMap::from([
        ("product".to_owned(), exported.header.product.clone()),
        ("version".to_owned(), exported.header.version.to_string()),
    ]);
    let files = BTreeMap::from([("export".to_owned(), exported.kept.clone())]);
    Outcome::changed(summary).shown([exported.evidence()]).output(Snapshot::Vendor { values, files })
}

/// By the product's tool.
pub(super) struct Export<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Own for Export<'_> {}

#[async_trait]
impl Operate for Export<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let file = self.arguments.path("file")?;
        Ok(match left_now(ctx, &file, &self.arguments.version("version")?).await? {
            LeftNow::Nothing if has_closed_folder(ctx, &file).await? => {
                Observation::Partial { evidence: vec![Evidence::new("folder of the export", "there")] }
            }
            LeftNow::Nothing => Observation::NotApplied { evidence: Vec::new() },
            LeftNow::Begun(evidence) => Observation::Partial { evidence },
            LeftNow::Whole(exported) => Observation::Applied(outcome(&exported, EXPORTED)),
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let file = self.arguments.path("file")?;
        export(ctx, permit, &self.arguments.path("folder")?, &file).await?;
        let exported = proven(ctx, &file, &self.arguments.version("version")?).await?;
        Ok(outcome(&exported, EXPORTED))
    }
}

/// By a person, where there is no tool.
pub(super) struct Collect<'a> {
    pub(super) arguments: Arguments<'a>,
}

#[async_trait]
impl Own for Collect<'_> {
    async fn question(&self, _ctx: &Context<'_>) -> Answer<Option<Question>> {
        let (file, version) = (self.arguments.path("file")?, self.arguments.version("version")?);
        Ok(Some(Question {
            title: "Export the settings".to_owned(),
            todo: vec![
                "open the product's window on this server, and there Setup, Import and export settings"
                    .to_owned(),
                format!("export the settings to {file}"),
            ],
            why: format!("This version has no {}, which would do it without a person.", names::TOOL),
            verified: format!(
                "the file must be a whole export of version {version}, newer than the start of this upgrade"
            ),
            otherwise: "the upgrade waits; nothing was changed yet".to_owned(),
            items: Vec::new(),
        }))
    }
}

#[async_trait]
impl Operate for Collect<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let file = self.arguments.path("file")?;
        let exported = proven(ctx, &file, &self.arguments.version("version")?).await?;
        let modified = ctx.host.files().stat(&file).await?.map(|stat| stat.modified);
        if let (Some(started), Some(modified)) = (ctx.state.started, modified)
            && is_before(modified, started)
        {
            return Err(Failure::new(
                Code::SettingsExport,
                "the exported settings are from before this upgrade",
            )
            .expected(format!("newer than {started}"))
            .found(modified.to_string())
            .hint("export them again, then answer done")
            .ask());
        }
        Ok(outcome(&exported, "a person exported the settings, and the export is proven"))
    }
}
