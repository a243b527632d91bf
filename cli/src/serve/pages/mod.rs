//! The pages. maud escapes whatever stands in parentheses; nothing that a journal holds is ever marked as markup.

mod ask;
mod door;
mod files;
mod frame;
mod gate;
mod list;
mod now;
mod plan;
mod refusal;
mod rehearsal;
mod report;
mod steps;
mod upgrade;

pub(crate) use ask::{confirm, request};
pub(crate) use door::{enter, leave};
pub(crate) use files::{icon, script, style};
pub(crate) use gate::{answer, gate};
pub(crate) use list::list;
pub(crate) use now::region;
pub(crate) use plan::plan;
pub(crate) use refusal::{Refusal, refused};
pub(crate) use report::{report, report_as};
pub(crate) use upgrade::upgrade;
