//! Each operation, on the server as it is at the moment when the plan reaches it.

mod bench;
mod half;
mod look;
mod moment;
mod nature;
mod step;
mod undo;

pub(crate) use moment::reach;
pub(crate) use step::operations;
