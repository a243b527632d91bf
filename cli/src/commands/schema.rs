//! `schema`: the formats of what is kept in files, for other programs.

use crate::output::Reply;
use mailsec_core::schema::Described;

pub(crate) fn schema(of: Described) -> Reply {
    let schema = of.schema();
    Reply::new(text(of), schema)
}

/// A schema as a file has it.
pub(crate) fn text(of: Described) -> String {
    format!("{:#}\n", of.schema())
}
