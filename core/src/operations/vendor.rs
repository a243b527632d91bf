//! Operations of a vendor's own.

use super::{Context, Operate, Vendor, context::unsupported};
use crate::{
    Permit,
    host::Answer,
    plan::{Observation, Operation, Outcome, Question, Snapshot},
};
use async_trait::async_trait;
use std::collections::BTreeMap;

pub(super) struct VendorOperation<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a BTreeMap<String, String>,
}

impl VendorOperation<'_> {
    fn vendor<'c>(&self, ctx: &Context<'c>) -> Answer<&'c dyn Vendor> {
        ctx.vendor.ok_or_else(|| unsupported(self.name))
    }
}

/// The question of a step that asks: the plan's own, or made now by the vendor from what is found.
pub(crate) async fn question(operation: &Operation, ctx: &Context<'_>) -> Answer<Option<Question>> {
    match operation {
        Operation::Vendor { name, arguments, .. } => {
            VendorOperation { name, arguments }.vendor(ctx)?.question(name, arguments, ctx).await
        }
        other => Ok(other.question().cloned()),
    }
}

#[async_trait]
impl Operate for VendorOperation<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        self.vendor(ctx)?.prepare(self.name, self.arguments, ctx).await
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        self.vendor(ctx)?.observe(self.name, self.arguments, ctx).await
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        self.vendor(ctx)?.apply(self.name, self.arguments, ctx, permit).await
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        self.vendor(ctx)?.undo(self.name, self.arguments, ctx, permit).await
    }
}
