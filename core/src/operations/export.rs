//! What a person did when a gate asked: taken in and verified.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, FileKind},
    plan::{Evidence, Observation, Outcome, Snapshot},
    values::{ServerPath, Timestamp},
};
use async_trait::async_trait;
use std::time::Duration;

/// Whether a file was there before the upgrade began. File systems keep times as coarsely as to two seconds (FAT).
#[must_use]
pub fn is_before(modified: Timestamp, started: Timestamp) -> bool {
    modified.after(Duration::from_secs(2)) < started
}

pub(super) struct CollectExport<'a> {
    pub(super) file: &'a ServerPath,
}

impl CollectExport<'_> {
    fn refuse(&self, found: impl Into<String>) -> Failure {
        Failure::new(Code::RulesExport, "the exported file is not as it must be")
            .expected(format!(
                "a file {} that is not empty and newer than the start of this upgrade",
                self.file
            ))
            .found(found)
            .hint("export it again to that place, then answer done")
            .ask()
    }
}

#[async_trait]
impl Operate for CollectExport<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        Ok(match ctx.host.files().stat(self.file).await? {
            Some(_) => Observation::Partial { evidence: vec![Evidence::new("file", self.file.as_str())] },
            None => Observation::NotApplied { evidence: Vec::new() },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let Some(stat) = ctx.host.files().stat(self.file).await? else {
            return Err(self.refuse("no file"));
        };
        if stat.kind != FileKind::File {
            return Err(self.refuse("a folder"));
        }
        if stat.size == 0 {
            return Err(self.refuse("an empty file"));
        }
        if let Some(started) = ctx.state.started
            && is_before(stat.modified, started)
        {
            return Err(self.refuse(format!("a file of {}, the upgrade started at {started}", stat.modified)));
        }
        let digest = ctx.host.files().digest(self.file).await?;
        Ok(Outcome::same(format!("{} bytes", stat.size))
            .shown([Evidence::new(
                self.file.as_str(),
                format!("{} bytes, digest {}", stat.size, digest.short()),
            )])
            .output(Snapshot::File { path: self.file.clone(), size: stat.size, digest }))
    }
}

/// A gate of the plan whose answer is all that is asked for.
pub(super) struct Confirmed;

#[async_trait]
impl Operate for Confirmed {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, _ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        Ok(Outcome::same("confirmed"))
    }
}
