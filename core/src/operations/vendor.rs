//! Operations of a vendor's own.

use super::{Context, Operate, Vendor};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::Answer,
    plan::{Observation, Outcome, Snapshot},
};
use async_trait::async_trait;
use std::collections::BTreeMap;

pub(super) struct VendorOperation<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a BTreeMap<String, String>,
}

impl VendorOperation<'_> {
    fn vendor<'c>(&self, ctx: &Context<'c>) -> Answer<&'c dyn Vendor> {
        ctx.vendor.ok_or_else(|| {
            Failure::new(Code::OperationUnsupported, format!("this vendor has no operation {}", self.name))
                .hint("the plan was made by another version of the vendor's crate")
        })
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
