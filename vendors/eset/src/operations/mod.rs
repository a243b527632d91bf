//! Operations of ESET's own: its settings exported, imported, compared and gone through.

mod arguments;
mod compare;
mod copy;
mod export;
mod fit;
mod folder;
mod import;
mod inventory;
mod look;
mod review;
mod tool;

pub(crate) use arguments::Arguments;

use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate, Vendor, unsupported},
    plan::{Observation, Outcome, Question, Snapshot},
};
use std::collections::BTreeMap;

/// Names of the operations, as plans have them. A name is never given another meaning: journals have it.
pub(crate) mod name {
    pub(crate) const EXPORT: &str = "export-settings";
    pub(crate) const COLLECT: &str = "collect-settings";
    pub(crate) const FOLDER: &str = "make-folder";
    pub(crate) const COPY: &str = "copy-export";
    pub(crate) const INVENTORY: &str = "inventory-rules";
    pub(crate) const PREPARE: &str = "prepare-import";
    pub(crate) const PASSWORD: &str = "settings-password";
    pub(crate) const NOTHING_PENDING: &str = "nothing-pending";
    pub(crate) const LOCATE: &str = "locate-product";
    pub(crate) const IMPORT: &str = "import-settings";
    pub(crate) const COMPARE: &str = "compare-settings";
    pub(crate) const REVIEW: &str = "review-settings";
    pub(crate) const RULES: &str = "review-rules";
}

/// An operation, with the question that it may ask.
#[async_trait]
trait Own: Operate {
    /// As [`Vendor::question`].
    async fn question(&self, _ctx: &Context<'_>) -> Answer<Option<Question>> {
        Ok(None)
    }
}

fn find<'a>(name: &str, arguments: &'a BTreeMap<String, String>) -> Answer<Box<dyn Own + 'a>> {
    let arguments = Arguments(arguments);
    Ok(match name {
        name::EXPORT => Box::new(export::Export { arguments }),
        name::COLLECT => Box::new(export::Collect { arguments }),
        name::FOLDER => Box::new(folder::MakeFolder { arguments }),
        name::COPY => Box::new(copy::CopyExport { arguments }),
        name::INVENTORY => Box::new(inventory::Inventory { arguments }),
        name::PREPARE => Box::new(import::Prepare { arguments }),
        name::NOTHING_PENDING => Box::new(look::NothingPending),
        name::PASSWORD => Box::new(look::PasswordGiven),
        name::LOCATE => Box::new(look::Locate),
        name::IMPORT => Box::new(import::Import { arguments }),
        name::COMPARE => Box::new(compare::Compare { arguments }),
        name::REVIEW => Box::new(review::Review { arguments }),
        name::RULES => Box::new(review::Rules { arguments }),
        other => return Err(unsupported(other)),
    })
}

/// What runs them.
#[derive(Debug)]
pub(crate) struct Operations;

#[async_trait]
impl Vendor for Operations {
    async fn prepare(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Option<Snapshot>> {
        find(name, arguments)?.prepare(ctx).await
    }

    async fn question(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Option<Question>> {
        find(name, arguments)?.question(ctx).await
    }

    async fn observe(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Observation> {
        find(name, arguments)?.observe(ctx).await
    }

    async fn apply(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        find(name, arguments)?.apply(ctx, permit).await
    }

    async fn undo(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome> {
        find(name, arguments)?.undo(ctx, permit).await
    }
}
