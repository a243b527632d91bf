//! Closing the product's programs, its console above all: it holds files that the installer replaces.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, ProcessInfo},
    plan::{Evidence, Observation, Outcome},
    values::ServerPath,
};
use async_trait::async_trait;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(15);

pub(super) struct CloseProgram<'a> {
    pub(super) folder: &'a ServerPath,
}

impl CloseProgram<'_> {
    async fn open(&self, ctx: &Context<'_>) -> Answer<Vec<ProcessInfo>> {
        let all = ctx.host.processes().under(self.folder).await?;
        Ok(all.into_iter().filter(|process| !process.is_service).collect())
    }
}

fn shown(processes: &[ProcessInfo]) -> Vec<Evidence> {
    processes.iter().map(|p| Evidence::new(format!("process {}", p.pid), p.image.as_str())).collect()
}

#[async_trait]
impl Operate for CloseProgram<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let open = self.open(ctx).await?;
        Ok(if open.is_empty() {
            Observation::Applied(Outcome::same("no program of the product is open"))
        } else {
            Observation::NotApplied { evidence: shown(&open) }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let open = self.open(ctx).await?;
        for process in &open {
            ctx.host.processes().close(permit, process, GRACE).await?;
        }
        let left = self.open(ctx).await?;
        if !left.is_empty() {
            let names: Vec<&str> = left.iter().map(|process| process.image.file_name()).collect();
            return Err(Failure::new(Code::ProcessBusy, "a program of the product is still open")
                .found(names.join(", "))
                .hint("close it, in every session that is logged on, and answer retry")
                .ask());
        }
        Ok(if open.is_empty() {
            Outcome::same("no program of the product is open")
        } else {
            Outcome::changed(format!("{} closed", open.len())).shown(shown(&open))
        })
    }
}
