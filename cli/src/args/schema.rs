//! `schema`.

use clap::ValueEnum;
use mailsec_core::schema::Described;

/// What is described.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaOf {
    /// A line of the journal
    Journal,
    /// A plan, as `plan --out` writes it
    Plan,
    /// An upgrade, as `journal export` writes it
    Export,
    /// A report, as `report --format json` writes it
    Report,
}

impl From<SchemaOf> for Described {
    fn from(of: SchemaOf) -> Self {
        match of {
            SchemaOf::Journal => Self::Journal,
            SchemaOf::Plan => Self::Plan,
            SchemaOf::Export => Self::Export,
            SchemaOf::Report => Self::Report,
        }
    }
}
