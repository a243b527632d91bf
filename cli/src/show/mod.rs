//! How things are shown to a person. Plain text at 80 columns; colour is never needed to understand it.

mod canary;
mod captured;
mod checklist;
mod counter;
mod driver;
mod gate;
mod nodes;
mod plan;
mod progress;
mod record;
mod rehearsal;
mod report;
mod settings;
mod settings_page;
mod status;
mod survey;
mod text;
mod timeline;

pub(crate) use canary::evidence;
pub(crate) use captured::captured;
pub(crate) use checklist::checklists;
pub(crate) use counter::Counter;
pub(crate) use driver::{Driver, goes_on};
pub(crate) use gate::{gate, gate_json, program};
pub(crate) use nodes::{node_stands, nodes};
pub(crate) use plan::plan;
pub(crate) use progress::{Progress, mail_line};
pub(crate) use record::{Record, STYLE as REPORT_STYLE, junit, markdown, page, plain};
pub(crate) use rehearsal::{rehearsal, rehearsed, rehearsed_or_not};
pub(crate) use report::{decided, mail_now, of_nodes, standing, stop_word, stopped};
pub(crate) use settings::{comparison, export, verdict};
pub(crate) use settings_page::page as comparison_page;
pub(crate) use status::{banner, damaged_banner, status};
pub(crate) use survey::{findings, installation, method};
pub(crate) use text::{columns, day_clock, harmless, span, wrap};
pub(crate) use timeline::{timeline, timeline_json};
