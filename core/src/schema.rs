//! JSON schemas (draft 2020-12) of what is kept in files: made from the types that write and read them.
//!
//! They say what this version reads, so what an older one wrote fits too. Unknown fields are allowed wherever a reader
//! passes over them, and so are unknown kinds of event.

use crate::{
    engine::ReportFile,
    journal::{Bundle, Format, JournalLine},
    plan::{PlanFile, PlanFormat},
};
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::Value;

/// A file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Described {
    /// A line of a journal.
    Journal,
    /// A plan, as `plan --out` writes it.
    Plan,
    /// An upgrade, as `journal export` writes it.
    Export,
    /// A report, as `report --format json` writes it.
    Report,
}

impl Described {
    /// Every file that has one.
    pub const ALL: [Self; 4] = [Self::Journal, Self::Plan, Self::Export, Self::Report];

    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Plan => "plan",
            Self::Export => "export",
            Self::Report => "report",
        }
    }

    /// The version of its format.
    #[must_use]
    pub fn format(self) -> u16 {
        match self {
            Self::Journal => Format::CURRENT.0,
            Self::Plan => PlanFormat::CURRENT.number(),
            Self::Export => Bundle::FORMAT,
            Self::Report => ReportFile::FORMAT,
        }
    }

    /// What tells its schema from every other.
    #[must_use]
    pub fn id(self) -> String {
        format!("urn:mailsec:schema:{}:{}", self.word(), self.format())
    }

    /// Its schema.
    #[must_use]
    pub fn schema(self) -> Value {
        let (mut schema, what) = match self {
            Self::Journal => (of::<JournalLine>(), "a line of the journal"),
            Self::Plan => (of::<PlanFile>(), "a plan's file"),
            Self::Export => (of::<Bundle>(), "an exported upgrade"),
            Self::Report => (of::<ReportFile>(), "a report"),
        };
        schema.insert("$id".to_owned(), self.id().into());
        schema.insert("title".to_owned(), format!("mailsec: {what}, format {}", self.format()).into());
        schema.into()
    }
}

fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.with_transform(RecursiveTransform(plainer)).into_generator().into_root_schema_for::<T>()
}

/// For readers of the file: only the first paragraph of a comment, which is about the value and not about the code, and
/// no `format` that only Rust knows, which strict validators refuse; its limits are said in numbers.
fn plainer(schema: &mut Schema) {
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        let first = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        schema.insert("description".to_owned(), first.into());
    }
    let limits = match schema.get("format").and_then(Value::as_str) {
        Some("uint16" | "uint64") => None,
        Some("uint32") => Some((0.into(), u32::MAX.into())),
        Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
        _ => return,
    };
    schema.remove("format");
    if let Some((least, most)) = limits {
        schema.insert("minimum".to_owned(), least);
        schema.insert("maximum".to_owned(), most);
    }
}
