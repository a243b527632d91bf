//! The folder of this upgrade's exports, made before a person is asked to put one there.

use super::{
    Arguments, Own,
    tool::{closed_folder, has_closed_folder},
};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome},
    values::ServerPath,
};

pub(super) struct MakeFolder<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Own for MakeFolder<'_> {}

#[async_trait]
impl Operate for MakeFolder<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let file = self.arguments.path("file")?;
        Ok(if has_closed_folder(ctx, &file).await? {
            Observation::Applied(outcome(&file))
        } else {
            Observation::NotApplied { evidence: Vec::new() }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let file = self.arguments.path("file")?;
        closed_folder(ctx, permit, &file).await?;
        Ok(outcome(&file))
    }
}

fn outcome(file: &ServerPath) -> Outcome {
    let folder = file.parent().map(|folder| folder.to_string()).unwrap_or_default();
    Outcome::changed("a folder for administrators only").shown([Evidence::new("folder", folder)])
}
