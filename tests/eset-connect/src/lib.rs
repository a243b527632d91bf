#![forbid(unsafe_code)]
//! A server of ours that speaks the part of ESET Connect's interface which the remote method uses, as it is documented,
//! and misbehaves on script. It proves nothing about what is not documented.
//!
//! Its tenant lives in memory, so a client that was killed meets the same tasks when it is started again.

mod answer;
mod listen;
mod routes;
mod tenant;
mod trouble;

pub use listen::StandIn;
pub use tenant::{LabDevice, LabTask, PASSWORD, Seen, Tenant, USER};
pub use trouble::{Moment, Route, Trouble};
