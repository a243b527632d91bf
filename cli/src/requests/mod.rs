//! What a person says to an upgrade, from a terminal or the web page: recorded where no process runs it, else handed to that
//! process.

mod answer;
mod hand_over;
mod record;
mod request;

pub(crate) use answer::answer_by;
pub(crate) use hand_over::Fate;
pub(crate) use record::{record, requested};
use request::reason_given;
pub(crate) use request::{admitted, handed_over, journal_or_fate, request_by};
