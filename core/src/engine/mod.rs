//! The driver around the state machine: it makes intents durable, lets operations run, and records what came of it.

mod desk;
mod driver;
mod follow;
mod limit;
mod people;
mod perform;
pub mod replay;
mod report_file;
mod restart;
mod start;
mod steps;
mod take_up;

pub use desk::{Desk, Message, NoDesk, NoWatcher, Said, Watcher, fits};
pub use driver::{Engine, Stop};
pub use follow::progress_of;
pub use report_file::{ReportChain, ReportFile};
pub use start::{Loaded, begin, begin_rehearsed, fold, load};
