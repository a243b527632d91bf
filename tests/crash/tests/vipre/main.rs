//! The VIPRE upgrade on the simulated server, interrupted everywhere. One program, so that it is linked once.

mod crash_points;
mod faults;
mod requests;
mod rollback;
mod loops;
mod pairs;
mod refusals;
