//! A simulated server in a folder of its own, the real command, and what it said.

mod collector;
mod place;
mod ran;
mod running;
mod screen;
mod tenant;

pub(crate) use collector::{Collector, Mood, attribute};
pub(crate) use place::{INSTALL, Place, SECRET, SILENT, copy, fast_folder, picture};
pub(crate) use ran::{Ran, settings};
pub(crate) use running::Running;
pub(crate) use screen::{Screen, on_screen};
pub(crate) use tenant::{NEW, Tenant};

/// Compares what a command said with an inline snapshot, without what differs from run to run.
macro_rules! says {
    ($place:expr, $said:expr, @$expected:literal) => {
        $crate::harness::settings(&$place).bind(|| insta::assert_snapshot!($said, @$expected))
    };
}
pub(crate) use says;
