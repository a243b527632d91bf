//! Exported settings: read, shown, compared.
//!
//! An export is `<ESET><PRODUCT NAME VERSION>` with `<ITEM NAME>` in it, which are sections and lists, and `<NODE NAME
//! TYPE VALUE/>`, which are settings. Entries of lists are numbered. `DELETE` and `APPEND` on an ITEM say how an import
//! merges it. Nothing else is taken as known: what has another name is kept and shown by its path.
//!
//! Exports come from outside and may be hostile. Everything here reads them once, as a stream, within [`limits`].

mod compare;
mod comparison;
mod content;
mod element;
mod found;
mod header;
mod later;
pub mod limits;
mod markup;
mod overview;
mod path;
mod pending;
mod reader;
mod rules;
mod source;
mod sum;
#[cfg(test)]
mod tests;
mod trouble;

pub use compare::compare;
pub use comparison::{Comparison, Content, Counts, Difference, Expect, Field};
pub use header::{Header, Signature, header};
pub use overview::{Overview, Part, overview};
pub(crate) use path::telltale;
pub use path::{MASK, printable};
pub use rules::{Rule, rules};
